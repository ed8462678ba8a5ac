# manuals (mdoc)

# manuals (mdoc)
dist_man_MANS = man/nftlbd.8

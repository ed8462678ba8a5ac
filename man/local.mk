# manuals (mdoc)
dist_man_MANS = man/nftlbd.8 man/nftlbd.conf.5

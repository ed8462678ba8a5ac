# manuals (mdoc)
dist_man_MANS = man/nftlbctl.8 man/nftlbd.8 man/nftlbd.conf.5

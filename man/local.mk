# manuals (mdoc)
dist_man_MANS = man/nftlbctl.8 man/nftlbd.8 man/nftlbd.conf.5 \
	man/hvagent.8 man/hvagent.conf.5

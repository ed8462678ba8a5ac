# what goes beside the programs: systemd unit, user, example, completions
EXTRA_DIST += packaging/nftlbd.service.in packaging/nftlb.sysusers \
	packaging/nftlbd.conf.example

systemdsystemunit_DATA = packaging/nftlbd.service packaging/hvagent.service
EXTRA_DIST += packaging/hvagent.service.in packaging/hvagent.conf.example
examplesdir = $(docdir)/examples
examples_DATA = packaging/nftlbd.conf.example packaging/hvagent.conf.example
dist_doc_DATA = README.md LICENSE
CLEANFILES += packaging/nftlbd.service packaging/hvagent.service packaging/nftlbctl packaging/_nftlbctl

packaging/nftlbd.service: packaging/nftlbd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && \
	$(SED) -e 's|@sbindir[@]|$(sbindir)|g' \
		$(srcdir)/packaging/nftlbd.service.in >$@.tmp && mv $@.tmp $@

packaging/hvagent.service: packaging/hvagent.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && \
	$(SED) -e 's|@sbindir[@]|$(sbindir)|g' \
		$(srcdir)/packaging/hvagent.service.in >$@.tmp && mv $@.tmp $@

# completions: nftlbctl's command table writes them
bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = packaging/nftlbctl
zshcompletiondir = $(datadir)/zsh/vendor-completions
zshcompletion_DATA = packaging/_nftlbctl
packaging/nftlbctl: nftlbd/nftlbctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) packaging && \
	./nftlbd/nftlbctl completion bash >$@.tmp && mv $@.tmp $@
packaging/_nftlbctl: nftlbd/nftlbctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) packaging && \
	./nftlbd/nftlbctl completion zsh >$@.tmp && mv $@.tmp $@

# sysusers.d wants PACKAGE.conf
install-data-hook:
	$(MKDIR_P) '$(DESTDIR)$(sysusersdir)'
	$(INSTALL_DATA) $(srcdir)/packaging/nftlb.sysusers \
		'$(DESTDIR)$(sysusersdir)/nftlb.conf'
uninstall-hook:
	rm -f '$(DESTDIR)$(sysusersdir)/nftlb.conf'

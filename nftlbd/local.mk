# lib: helpers everybody may use. config, model, control, daemon: the daemon.
# ctl: the operator's tool.
noinst_LIBRARIES += libutil.a libconfig.a libmodel.a libcontrol.a
libutil_a_SOURCES =
libconfig_a_SOURCES =
libmodel_a_SOURCES = nftlbd/model/model.c nftlbd/model/model.h \
	nftlbd/model/state.c nftlbd/model/events.c nftlbd/model/events.h
libcontrol_a_SOURCES =

# The Lambda side. Included by the top Makefile.
include lambda/local/local.mk
include lambda/functions.mk
include lambda/package/package.mk

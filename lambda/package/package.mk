# The zips for AWS Lambda, provided.al2023, one for each of FUNCTIONS (lambda/functions.mk). Included
# by lambda/lambda.mk after it.
#
#   ARCHES      x86_64 arm64 (default both)
#   TEMPLATES   a folder with mail templates that replace those of services/email/templates
#
# A function is built by the usual rules, in a folder for each architecture, against the sysroot that
# lambda/package/sysroot.sh makes: there only the C library is shared.
.PHONY: package package-check package-zips
ARCHES ?= x86_64 arm64
PACKAGE_TESTS := tests/lambda/test_package.mjs

PACKAGE_DIR := build/package
TRIPLE_x86_64 := x86_64-linux-gnu
TRIPLE_arm64 := aarch64-linux-gnu
PACKAGE_CFLAGS := -ffunction-sections -fdata-sections -fstack-protector-strong
PACKAGE_LDFLAGS := -static-libgcc -pie -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,--as-needed

# The tables for unwinding the stack are a tenth of a zip, most of it OpenSSL's. Nothing unwinds: there
# are no exceptions, and no thread is cancelled or ends by pthread_exit.
PACKAGE_STRIP := -R .eh_frame -R .eh_frame_hdr

package: ## PROGRAM.zip of every function, for x86_64 and arm64 (ARCHES= TEMPLATES=)
	@sh .ci/packages build package
	@$(MAKE) --no-print-directory $(ARCHES:%=package-sysroot-%)
	@$(foreach arch,$(ARCHES),$(MAKE) --no-print-directory CONFIG=release O=$(PACKAGE_DIR)/$(arch)/build \
		CC='$(TRIPLE_$(arch))-gcc --sysroot=$(PACKAGE_DIR)/$(arch)/sysroot' \
		CXX='$(TRIPLE_$(arch))-g++ --sysroot=$(PACKAGE_DIR)/$(arch)/sysroot' \
		PKG_CONFIG=$(PACKAGE_DIR)/$(arch)/pkg-config CFLAGS='$(PACKAGE_CFLAGS)' \
		CXXFLAGS='$(PACKAGE_CFLAGS)' LDFLAGS='$(PACKAGE_LDFLAGS)' PACKAGE_ARCH=$(arch) package-zips &&) :

# Most of it is one configure script after the other, so the architectures run at the same time.
package-sysroot-%:
	@sh lambda/package/sysroot.sh $*

ifneq ($(PACKAGE_ARCH),)
PACKAGE_ZIPS := $(FUNCTIONS:%=$(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.zip)

package-zips: $(PACKAGE_ZIPS)

$(PACKAGE_ZIPS): $(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.zip: $(O)/lambda/% lambda/package/zip.py \
		lambda/package/package.mk
	@mkdir -p $(O)/stripped/$*
	$(call quiet,STRIP,$(TRIPLE_$(PACKAGE_ARCH))-strip $(PACKAGE_STRIP) -o $(O)/stripped/$*/bootstrap $<)
	$(call quiet,ZIP,$(PYTHON) lambda/package/zip.py $@ $(O)/stripped/$*/bootstrap)
endif

package-check: package ## test every zip in an empty root (as root)
	@sh .ci/packages build test npm local package
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory $(O)/tests/support/make_pictures
	@ARCHES='$(ARCHES)' FUNCTIONS='$(strip $(FUNCTIONS))' $(RUN_TESTS) $(PACKAGE_TESTS)

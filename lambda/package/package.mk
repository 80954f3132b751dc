# The zips for AWS Lambda, provided.al2023, one for each of FUNCTIONS (lambda/functions.mk). Included
# by lambda/lambda.mk after it.
#
#   ARCHES      x86_64 arm64 (default both)
#   TEMPLATES   a folder with mail templates that replace those of services/email/templates
#   RDS_CA_REGION   regions whose authorities the functions with a database trust, or `all` (default
#               ap-northeast-2)
#
# A function is built by the usual rules, in a folder for each architecture, against the sysroot that
# lambda/package/sysroot.sh makes: there only the C library is shared.
.PHONY: package package-again sbom sbom-check package-check package-check-build package-libraries package-zips package-test-zips
ARCHES ?= x86_64 arm64
RDS_CA_REGION ?= ap-northeast-2
PACKAGE_TESTS := tests/lambda/test_package.mjs tests/lambda/test_package_db.mjs \
	tests/lambda/test_package_jobs.mjs tests/lambda/test_sbom.mjs

PACKAGE_DIR := build/package
TRIPLE_x86_64 := x86_64-linux-gnu
TRIPLE_arm64 := aarch64-linux-gnu
# -g1: hardening.py reads the options of each object, and strip drops the rest.
PACKAGE_CFLAGS := -ffunction-sections -fdata-sections -g1
PACKAGE_LDFLAGS := -static-libgcc -Wl,--gc-sections -Wl,--as-needed -Wl,-Map=$$@.map

# The tables for unwinding the stack are a tenth of a zip, most of it OpenSSL's. Nothing unwinds: there
# are no exceptions, and no thread is cancelled or ends by pthread_exit.
# drop_unwinding.py fills them with zeros: without their sections strip drops the segment of RELRO.

# Functions linked with the Connector get the authorities of databases beside them.
DATABASE_FUNCTIONS = $(foreach function,$(FUNCTIONS),$(if $(findstring -lmariadb,\
	$(foreach library,$(FUNCTION_LIBRARIES_$(function)),$(LIBS_$(library)))),$(function)))
RDS_CA := $(PACKAGE_DIR)/rds-ca.pem

# -B: the compiler takes the C library's start files from the host otherwise, and with them its libc_nonshared.a.
# $(call for_arches,GOAL): in a build for each architecture. A recipe writes "+" before it, so that make
# passes its jobs on.
for_arches = $(foreach arch,$(ARCHES),$(MAKE) --no-print-directory CONFIG=release \
	O=$(PACKAGE_DIR)/$(arch)/build \
	CC='$(TRIPLE_$(arch))-gcc --sysroot=$(PACKAGE_DIR)/$(arch)/sysroot' \
	CXX='$(TRIPLE_$(arch))-g++ --sysroot=$(PACKAGE_DIR)/$(arch)/sysroot' \
	PKG_CONFIG=$(PACKAGE_DIR)/$(arch)/pkg-config CFLAGS='$(PACKAGE_CFLAGS)' \
	CXXFLAGS='$(PACKAGE_CFLAGS)' LDFLAGS='-B$(PACKAGE_DIR)/$(arch)/sysroot/usr/lib/$(TRIPLE_$(arch)) $(PACKAGE_LDFLAGS)' PACKAGE_ARCH=$(arch) $(1) &&) :

package: ## PROGRAM.zip of every function, for x86_64 and arm64 (ARCHES= TEMPLATES= RDS_CA_REGION=)
	@sh .ci/packages build npm package
	@$(MAKE) --no-print-directory $(ARCHES:%=package-sysroot-%)
	@$(if $(DATABASE_FUNCTIONS),sh lambda/package/rds_ca.sh $(RDS_CA) $(RDS_CA_REGION))
	+@$(call for_arches,package-zips)

# The bills of materials are made with the zips: from the same map of the linker.
sbom: package ## FUNCTION.cdx.json (CycloneDX) beside each zip: what is linked in, with versions
	@ls $(foreach arch,$(ARCHES),$(FUNCTIONS:%=$(PACKAGE_DIR)/$(arch)/%.cdx.json))

# KEEP_SYSROOTS=1: with the sysroots that are here.
package-again: ## build the zips twice from nothing, in different folders, and compare them bit for bit
	@sh .ci/packages build npm package
	@sh lambda/package/again.sh $(ARCHES)

# DEBIAN_TRACKER: the file https://security-tracker.debian.org/tracker/data/json
sbom-check: ## hold the bills of materials against Debian's security tracker (DEBIAN_TRACKER=data.json)
	@[ -n "$(DEBIAN_TRACKER)" ] || { echo 'sbom-check needs DEBIAN_TRACKER=data.json'; exit 2; }
	@$(PYTHON) lambda/package/tracker.py --data "$(DEBIAN_TRACKER)" $(PACKAGE_DIR)/*/*.cdx.json

# Most of it is one configure script after the other, so the architectures run at the same time.
package-sysroot-%:
	@sh lambda/package/sysroot.sh $*

# A program of the tests' own with the database module, in a zip as a function's.
PACKAGE_TEST := db_login
TEST_FUNCTIONS += tests/lambda/$(PACKAGE_TEST).c

$(O)/tests/lambda/$(PACKAGE_TEST): $(O)/obj/tests/lambda/$(PACKAGE_TEST).o $(DB) $(SERVICES)
	$(call link,$^ $(SERVICES_LIBS) $(DB_LIBS))

tests: $(O)/tests/lambda/$(PACKAGE_TEST)

-include $(O)/obj/tests/lambda/$(PACKAGE_TEST).d

ifneq ($(PACKAGE_ARCH),)
PACKAGE_ZIPS := $(FUNCTIONS:%=$(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.zip)
PACKAGE_TEST_ZIP := $(PACKAGE_DIR)/$(PACKAGE_ARCH)/test/$(PACKAGE_TEST).zip
SBOMS := $(PACKAGE_ZIPS:.zip=.cdx.json)
CHECKSUMS := $(PACKAGE_DIR)/$(PACKAGE_ARCH)/SHA256SUMS

package-zips: $(PACKAGE_ZIPS) $(SBOMS) $(CHECKSUMS)
package-test-zips: $(PACKAGE_TEST_ZIP)

# $(call zip_program,ZIP,NAME,PROGRAM,FILES)
define zip_program
	@mkdir -p $(O)/stripped/$(2) $(dir $(1))
	$(call quiet,STRIP,$(TRIPLE_$(PACKAGE_ARCH))-strip -o $(O)/stripped/$(2)/bootstrap $(3) && \
		$(PYTHON) lambda/package/drop_unwinding.py $(O)/stripped/$(2)/bootstrap)
	$(call quiet,ZIP,$(PYTHON) lambda/package/zip.py $(1) $(O)/stripped/$(2)/bootstrap $(4))
endef

$(PACKAGE_ZIPS): $(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.zip: $(O)/lambda/% lambda/package/zip.py lambda/package/drop_unwinding.py \
		lambda/package/package.mk
	$(call zip_program,$@,$*,$<,$(filter %.pem,$^))

$(DATABASE_FUNCTIONS:%=$(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.zip): $(RDS_CA)

$(SBOMS): $(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.cdx.json: $(PACKAGE_DIR)/$(PACKAGE_ARCH)/%.zip \
		lambda/package/sbom.py lambda/package/package-lock.json
	$(call quiet,SBOM,$(PYTHON) lambda/package/sbom.py --name $* --version $(VERSION) --arch $(PACKAGE_ARCH) \
		--zip $< --map $(O)/lambda/$*.map --components $(PACKAGE_DIR)/$(PACKAGE_ARCH)/components --build $(O) \
		$(if $(filter $*,$(DATABASE_FUNCTIONS)),--npm lambda/package/package-lock.json) --output $@)

# Of what is handed over, in sha256sum's format, with the names as they are in this folder.
$(CHECKSUMS): $(PACKAGE_ZIPS) $(SBOMS)
	@cd $(@D) && sha256sum $(sort $(notdir $^)) >$(@F).new && mv $(@F).new $(@F)

$(PACKAGE_TEST_ZIP): $(O)/tests/lambda/$(PACKAGE_TEST) $(RDS_CA) lambda/package/zip.py \
		lambda/package/package.mk
	$(call zip_program,$@,$(PACKAGE_TEST),$<,$(filter %.pem,$^))
endif

# Parts of other servers; the tests of logins are skipped where they cannot be had.
.PHONY: package-servers
package-servers:
	@sh tests/services/db_parts.sh build/db-servers

# What comes over the network, and is built before anything of the tree.
package-libraries: $(ARCHES:%=package-sysroot-%) package-servers

package-check-build:
	@sh .ci/packages build test npm local package
	@$(MAKE) --no-print-directory package package-servers
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory $(O)/tests/support/make_pictures
	@$(if $(DATABASE_FUNCTIONS),,sh lambda/package/rds_ca.sh $(RDS_CA) $(RDS_CA_REGION))
	+@$(call for_arches,package-test-zips)

package-check: package-check-build ## test every zip in an empty root (as root)
	@ARCHES='$(ARCHES)' FUNCTIONS='$(strip $(FUNCTIONS))' DATABASE_FUNCTIONS='$(strip $(DATABASE_FUNCTIONS))' \
		$(RUN_TESTS) $(PACKAGE_TESTS)

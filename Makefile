# imgcore: the entry for everything. `make help` lists the goals.
#
# Variables (make NAME=value):
#   CONFIG     release (default), debug, asan, ubsan, tsan, clang, clang-asan, coverage, fuzz, fuzz-coverage:
#              flags and compiler; each builds into build/CONFIG
#   CC CXX     compilers; default gcc and g++, or clang and clang++ in the clang configs, coverage and fuzz
#   CFLAGS CXXFLAGS CPPFLAGS LDFLAGS   added to the config's own
#   OWN_JPEG   no: libjpeg-turbo reads every JPEG, as with IMGCORE_JPEG=libjpeg in the environment
#   WERROR     0: warnings do not stop the build
#   V          1: show whole command lines
#   IMG OUT    make run: your picture or folder; where the results go (default out)
#   PACKAGES   no: install nothing; everything needed is there already
#   TWICE      no: make test leaves out what make clang-asan runs as well and is not in C (TWICE_TESTS are),
#              and LONGEST_TESTS
#   PREFIX DESTDIR BINDIR LIBDIR INCLUDEDIR MANDIR   where make install puts things
#
# Sources are listed by hand, one variable for each module: a file that is in no list is not built
# (make lint finds it). Paths are relative, so that the folder may have any name.

comma := ,
CONFIG ?= release
OUT    ?= out
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
PKG_CONFIG ?= pkg-config
export IMG OUT PACKAGES PKG_CONFIG

# ---------------------------------------------------------------------------- sources, by module

IMGCORE_BASE := imgcore/base/cancel.c imgcore/base/input.c imgcore/base/mem.c \
	imgcore/base/picture.c imgcore/base/status.c imgcore/base/thread_pool.c

KERNELS := imgcore/kernels/jpeg_bands.c imgcore/kernels/jpeg_blocks.c imgcore/kernels/jpeg_blocks_bmi2.c \
	imgcore/kernels/jpeg_codes.c imgcore/kernels/jpeg_idct_scalar.c \
	imgcore/kernels/jpeg_unstuff_vbmi2.c \
	imgcore/kernels/kernels_ref.c imgcore/kernels/kernels_ref_color.c \
	imgcore/kernels/kernels_ref_jpeg.c \
	imgcore/kernels/kernels_ref_orient.c imgcore/kernels/kernels_ref_png.c \
	imgcore/kernels/kernels_ref_reduce.c \
	imgcore/kernels/targets.c

KERNELS_HWY := imgcore/kernels/color_hwy.cc imgcore/kernels/float_hwy.cc \
	imgcore/kernels/hpass_f32_hwy.cc imgcore/kernels/hpass_i16_hwy.cc \
	imgcore/kernels/hpass_i16_vnni_hwy.cc \
	imgcore/kernels/hpass_i16x1_hwy.cc imgcore/kernels/jpeg_idct_few_hwy.cc imgcore/kernels/jpeg_idct_hwy.cc \
	imgcore/kernels/jpeg_unstuff_hwy.cc \
	imgcore/kernels/orient_hwy.cc imgcore/kernels/png_hwy.cc imgcore/kernels/png_wide_hwy.cc imgcore/kernels/reduce_hwy.cc \
	imgcore/kernels/reduce_rgb_hwy.cc \
	imgcore/kernels/vpass_alpha_hwy.cc imgcore/kernels/vpass_hwy.cc

CODEC := imgcore/codec/codec.c imgcore/codec/exif.c imgcore/codec/jpeg_cut.c imgcore/codec/jpeg_error.c \
	imgcore/codec/jpeg_fast.c imgcore/codec/jpeg_frame.c \
	imgcore/codec/jpeg_layout.c imgcore/codec/jpeg_markers.c imgcore/codec/jpeg_progressive.c imgcore/codec/jpeg_read.c \
	imgcore/codec/jpeg_place.c imgcore/codec/jpeg_scan.c imgcore/codec/jpeg_scan_header.c imgcore/codec/jpeg_scan_list.c imgcore/codec/jpeg_segments.c imgcore/codec/jpeg_start.c imgcore/codec/jpeg_tables.c \
	imgcore/codec/jpeg_source.c imgcore/codec/jpeg_write.c imgcore/codec/png_chunks.c \
	imgcore/codec/png_error.c imgcore/codec/png_expand.c imgcore/codec/png_fast.c imgcore/codec/png_metadata.c \
	imgcore/codec/png_pack.c imgcore/codec/png_passes.c imgcore/codec/png_read.c imgcore/codec/png_row.c \
	imgcore/codec/png_write.c imgcore/codec/pixels_read.c imgcore/codec/pixels_write.c imgcore/codec/reader.c \
	imgcore/codec/sniff.c

COLOR := imgcore/color/compose.c imgcore/color/convert.c imgcore/color/icc.c \
	imgcore/color/icc_curves.c imgcore/color/icc_lcms.c imgcore/color/icc_tags.c \
	imgcore/color/orient.c imgcore/color/transfer.c

RESAMPLE := imgcore/resample/filter.c imgcore/resample/reduced_weights.c \
	imgcore/resample/reducer.c imgcore/resample/resampler.c \
	imgcore/resample/resampler_fixed.c imgcore/resample/resampler_float.c \
	imgcore/resample/resampler_image.c \
	imgcore/resample/vpass.c imgcore/resample/weight_cache.c imgcore/resample/weights.c

PLAN := imgcore/plan/crop.c imgcore/plan/fit.c imgcore/plan/plan.c

PIPELINE := imgcore/pipeline/choose_path.c imgcore/pipeline/convert_rows.c imgcore/pipeline/crop_rows.c \
	imgcore/pipeline/distribute_rows.c imgcore/pipeline/file_colors.c imgcore/pipeline/finish.c imgcore/pipeline/outputs.c \
	imgcore/pipeline/pipeline.c imgcore/pipeline/stream.c

API := imgcore/api/context.c imgcore/api/info.c imgcore/api/options.c imgcore/api/pixels.c imgcore/api/probe.c imgcore/api/resize.c \
	imgcore/api/source.c imgcore/api/transform.c imgcore/api/versioned.c

CLI := imgcore/cli/args.c imgcore/cli/batch.c imgcore/cli/batch_report.c \
	imgcore/cli/contact_sheet.c imgcore/cli/files.c imgcore/cli/info.c imgcore/cli/inputs.c \
	imgcore/cli/json.c imgcore/cli/main.c imgcore/cli/progress.c imgcore/cli/raw.c imgcore/cli/resize.c \
	imgcore/cli/sandbox.c imgcore/cli/sandbox_calls.c imgcore/cli/settings.c imgcore/cli/targets.c imgcore/cli/text.c imgcore/cli/variants.c \
	imgcore/cli/write.c

PUBLIC_HEADERS := $(patsubst %,imgcore/include/imgcore/%.h,api context imgcore options output probe resize source \
	status transform version vocabulary)

# Linked into every test program.
TEST_SUPPORT := tests/support/child_cost.c tests/support/exact.c tests/support/guard.c tests/support/pictures.c

# Each is a program of its own, with cmocka.
UNIT_TESTS := tests/imgcore/test_abi_newer.c tests/imgcore/test_abi_older.c \
	tests/imgcore/test_alloc.c tests/imgcore/test_cancel.c tests/imgcore/test_cli_input.c \
	tests/imgcore/test_cmyk_profile.c tests/imgcore/test_color.c tests/imgcore/test_crop.c \
	tests/imgcore/test_decoder.c \
	tests/imgcore/test_thread_pool.c \
	tests/imgcore/test_exif.c tests/imgcore/test_hostile_costs.c tests/imgcore/test_icc_intent.c tests/imgcore/test_invariants.c \
	tests/imgcore/test_jpeg.c tests/imgcore/test_jpeg_hostile.c \
	tests/imgcore/test_jpeg_kinds.c tests/imgcore/test_jpeg_own.c \
	tests/imgcore/test_jpeg_own_streams.c tests/imgcore/test_jpeg_progressive.c \
	tests/imgcore/test_jpeg_threads.c \
	tests/imgcore/test_keep_icc.c tests/imgcore/test_lifetime.c \
	tests/imgcore/test_limits.c tests/imgcore/test_linear.c tests/imgcore/test_pixels.c tests/imgcore/test_plan.c \
	tests/imgcore/test_png.c tests/imgcore/test_png_chunks.c tests/imgcore/test_png_colors.c \
	tests/imgcore/test_png_colors_choice.c \
	tests/imgcore/test_png_data.c \
	tests/imgcore/test_png_fast.c \
	tests/imgcore/test_png_hostile.c tests/imgcore/test_png_write.c \
	tests/imgcore/test_reducer.c tests/imgcore/test_resampler.c tests/imgcore/test_resize.c \
	tests/imgcore/test_reuse.c tests/imgcore/test_sandbox.c tests/imgcore/test_sniff.c \
	tests/imgcore/test_sink.c tests/imgcore/test_stages.c \
	tests/imgcore/test_threads.c \
	tests/imgcore/test_transform.c tests/imgcore/test_transform_choices.c tests/imgcore/test_transform_color.c tests/imgcore/test_transform_info.c tests/imgcore/test_weights.c

# The tool that compares every kernel of every CPU target with plain C, and its parts.
CHECK_KERNELS := tests/kernels/check.c tests/kernels/check_alpha.c tests/kernels/check_color.c \
	tests/kernels/check_float.c \
	tests/kernels/check_hpass.c tests/kernels/check_jpeg.c tests/kernels/check_jpeg_bands.c tests/kernels/check_jpeg_blocks.c tests/kernels/check_kernels.c tests/kernels/check_orient.c \
	tests/kernels/check_png.c tests/kernels/check_reduce.c tests/kernels/check_targets.c tests/kernels/check_vpass.c

# Programs that make what the shell tests need.
TEST_TOOLS := tests/support/make_pictures.c

# Not run with a sanitizer: they measure, or test what is not C, or what tests in C do as well; the fuzz targets
# have sanitizers of their own (make fuzz-check).
# The other scripts run the programs with a sanitizer, and in .ci/run only there: they take as long as
# without one, and what is built without one runs in these, in all tests in C, and in the zips.
PLAIN_TESTS := tests/end_to_end/bench.sh tests/end_to_end/fuzz.sh tests/end_to_end/hardening.sh tests/end_to_end/install.sh \
	tests/end_to_end/system_calls.mjs

# Left out with TWICE=no, as in .ci/run, whose time is limited: they take longest, and their subjects have shorter
# tests (test_bootstrap plants faults in what make infra-check holds).
LONGEST_TESTS := tests/lambda/test_settlement_load.mjs tests/lambda/test_webhook_load.mjs \
	tests/lambda/test_system_calls_db.mjs tests/infra/test_bootstrap.mjs

# Scripts of which a sanitizer skips a part: the memory of a process.
TWICE_TESTS := tests/lambda/test_image_faults.mjs tests/lambda/test_runtime.mjs

END_TO_END := tests/end_to_end/bench.sh tests/end_to_end/command.sh tests/end_to_end/fuzz.sh tests/end_to_end/hardening.sh \
	tests/end_to_end/install.sh tests/end_to_end/raw.sh tests/end_to_end/resize.sh tests/end_to_end/system_calls.mjs \
	tests/end_to_end/variants.sh

# Those that use threads, for the thread sanitizer.
THREAD_TESTS := tests/imgcore/test_cancel.c tests/imgcore/test_linear.c \
	tests/imgcore/test_thread_pool.c tests/imgcore/test_jpeg_threads.c \
	tests/imgcore/test_threads.c

# Those that are also run under valgrind: hostile files are tested against the clock, which runs
# differently there, and valgrind runs one thread at a time (the sanitizers see them all, and thousands
# of failed allocations), and the sandbox forbids what it needs itself.
VALGRIND_TESTS := $(filter-out %_sandbox.c %_hostile.c %_hostile_costs.c %_threads.c %/test_cancel.c %/test_alloc.c,$(UNIT_TESTS))
# Left out with LONGEST=no, as in .ci/run, whose time is limited: those that take over 3 s of CPU there.
VALGRIND_LONGEST := \
	tests/imgcore/test_cmyk_profile.c tests/imgcore/test_crop.c tests/imgcore/test_keep_icc.c \
	tests/imgcore/test_lifetime.c tests/imgcore/test_sink.c tests/imgcore/test_transform_choices.c \
	tests/imgcore/test_color.c tests/imgcore/test_icc_intent.c tests/imgcore/test_jpeg.c \
	tests/imgcore/test_limits.c tests/imgcore/test_linear.c tests/imgcore/test_png.c tests/imgcore/test_png_colors.c \
	tests/imgcore/test_png_data.c \
	tests/imgcore/test_png_fast.c tests/imgcore/test_png_write.c tests/imgcore/test_reducer.c \
	tests/imgcore/test_resampler.c tests/imgcore/test_resize.c tests/imgcore/test_stages.c \
	tests/imgcore/test_transform.c tests/imgcore/test_transform_color.c tests/imgcore/test_weights.c \
	tests/lambda/test_deploy_picture.c tests/lambda/test_email_ses_event.c tests/lambda/test_events_damaged.c \
	tests/lambda/test_events_sqs.c tests/lambda/test_events_url.c tests/services/test_alloc.c \
	tests/services/test_base.c tests/services/test_call.c tests/services/test_db_alloc.c \
	tests/services/test_db_hostile.c tests/services/test_db_statement.c tests/services/test_email_deliver.c \
	tests/services/test_email_deliver_alloc.c tests/services/test_email_producer.c \
	tests/services/test_email_record.c tests/services/test_http.c tests/services/test_json.c \
	tests/services/test_s3.c tests/services/test_s3_list.c tests/services/test_ses.c \
	tests/services/test_settlement_report.c tests/services/test_sigv4.c tests/services/test_unrepeatable.c \
	tests/services/test_webhook_mail.c tests/services/test_webhook_store.c \
	tests/services/test_webhook_store_reversal.c tests/services/test_webhook_toss_client.c

# ---------------------------------------------------------------------------- flags

ifneq ($(filter clang% coverage fuzz%,$(CONFIG)),)
DEFAULT_CC := clang
DEFAULT_CXX := clang++
else
DEFAULT_CC := gcc
DEFAULT_CXX := g++
endif
ifeq ($(origin CC),default)
CC := $(DEFAULT_CC)
endif
ifeq ($(origin CXX),default)
CXX := $(DEFAULT_CXX)
endif

# A release goes on where it can (imgcore/base/invariant.h).
ABORT := -DIC_ABORT_ON_BUG
# Line numbers are all that a report shows.
SANITIZE := -O1 -g1 $(ABORT) -fno-omit-frame-pointer -fno-sanitize-recover=all
FLAGS_release    := -O2 -g
FLAGS_debug      := $(ABORT) -O0 -g3 -fno-omit-frame-pointer
FLAGS_ubsan      := $(SANITIZE) -fsanitize=undefined
# IC_KEEP_NOTHING: freed blocks go back at once, so that a use after free is seen.
FLAGS_asan       := $(SANITIZE) -fsanitize=address,undefined -DIC_KEEP_NOTHING
FLAGS_tsan       := $(ABORT) -O2 -g1 -fno-omit-frame-pointer -fsanitize=thread
FLAGS_clang      := $(FLAGS_release)
# clang's check of function pointers needs the C++ runtime, which nothing here links.
FLAGS_clang-asan := $(FLAGS_asan) -fno-sanitize=function
FLAGS_fuzz       := $(FLAGS_clang-asan) -fsanitize=fuzzer-no-link
FLAGS_coverage   := -O1 -g1 -fprofile-instr-generate -fcoverage-mapping
# With the replaying main (fuzz/support/replay.c).
FLAGS_fuzz-coverage := $(FLAGS_coverage) -DIC_KEEP_NOTHING
# Each program contains the sanitizers' runtime: 0.6 s with GNU's linker, 0.25 s with LLVM's.
LINKER := $(if $(filter clang-asan fuzz,$(CONFIG)),$(if $(shell command -v ld.lld 2>/dev/null),-fuse-ld=lld))
CONFIG_FLAGS := $(FLAGS_$(CONFIG))
ifeq ($(CONFIG_FLAGS),)
$(error CONFIG=$(CONFIG) is none of release debug asan ubsan tsan clang clang-asan coverage fuzz fuzz-coverage)
endif

# libspng's .pc file has two names in the wild.
SPNG := $(shell $(PKG_CONFIG) --exists libspng 2>/dev/null && echo libspng || echo spng)
LIBRARIES := libjpeg $(SPNG) lcms2 zlib libisal libdeflate
# The oldest version of each that is known to work.
LIBRARY_VERSIONS := libjpeg 2.1 $(SPNG) 0.7.3 lcms2 2.12 zlib 1.2.11 libisal 2.30 libdeflate 1.14 libhwy 1.0.3

# Hardening of what is installed and deployed (lambda/package/hardening.py checks the files made). Not with a sanitizer,
# which checks the same calls itself, nor without optimisation, which _FORTIFY_SOURCE needs.
HARDENED := $(filter release clang,$(CONFIG))
MACHINE := $(if $(HARDENED),$(shell $(CC) -dumpmachine 2>/dev/null))
HARDEN_CFLAGS := $(if $(HARDENED),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
# Those of one architecture: landing pads for indirect branches, and return addresses that cannot be replaced.
HARDEN_MACHINE := $(if $(HARDENED),$(if $(filter x86_64-%,$(MACHINE)),-fcf-protection) \
	$(if $(filter aarch64-%,$(MACHINE)),-mbranch-protection=standard) \
	-ffile-prefix-map="$$PWD"=.)
HARDEN_LDFLAGS := $(if $(HARDENED),-Wl$(comma)-z$(comma)relro -Wl$(comma)-z$(comma)now -Wl$(comma)-z$(comma)noexecstack)
HARDEN_PROGRAM := $(if $(HARDENED),$(if $(filter -static,$(LDFLAGS)),,-pie))

WARNINGS := -Wall -Wextra -Wshadow $(if $(filter 0,$(WERROR)),,-Werror)
# No contraction: the float kernels are the same to the last bit on every target.
COMMON := $(CONFIG_FLAGS) $(HARDEN_CFLAGS) -fPIC -fvisibility=hidden -ffp-contract=off $(WARNINGS)
# Empty while pkg-config is not installed: the goals that install it call make again.
# Of Highway only headers are used: neither Highway nor the C++ runtime is linked.
LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) libhwy 2>/dev/null)
LIBRARY_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null) -lm -lpthread
TEST_LIBS := $(shell $(PKG_CONFIG) --libs cmocka libpng 2>/dev/null)
ALL_CPPFLAGS = -I. -Iimgcore/include $(LIBRARY_CFLAGS) $(if $(filter no,$(OWN_JPEG)),-DIC_NO_OWN_JPEG) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(COMMON) -Wconversion -Wstrict-prototypes $(CFLAGS)
ALL_CXXFLAGS = -std=c++17 $(COMMON) -fno-exceptions -fno-rtti -fvisibility-inlines-hidden \
	$(CXXFLAGS)
ALL_LDFLAGS = $(CONFIG_FLAGS) $(HARDEN_LDFLAGS) $(LINKER) $(LDFLAGS)

VERSION := $(shell sed -n 's/.*IMGCORE_VERSION_STRING *"\(.*\)"/\1/p' imgcore/include/imgcore/version.h)
VERSION_WORDS := $(subst ., ,$(VERSION))
# Versions with the same soname are compatible: up to 1.0 those with the same minor number, from there on those with
# the same major one. The first node of imgcore/imgcore.map has the same number.
SOVERSION := $(if $(filter 0,$(firstword $(VERSION_WORDS))),0.$(word 2,$(VERSION_WORDS)),$(firstword $(VERSION_WORDS)))

# ---------------------------------------------------------------------------- files made

O := build/$(CONFIG)
objects = $(patsubst %,$(O)/obj/%.o,$(basename $(1)))

LIBRARY_OBJECTS := $(call objects,$(IMGCORE_BASE) $(KERNELS) $(KERNELS_HWY) $(CODEC) $(COLOR) \
	$(RESAMPLE) $(PLAN) $(PIPELINE) $(API))
CLI_OBJECTS := $(call objects,$(CLI))
SUPPORT_OBJECTS := $(call objects,$(TEST_SUPPORT))
CHECK_OBJECTS := $(call objects,$(CHECK_KERNELS))

STATIC := $(O)/lib/libimgcore.a
SHARED := $(O)/lib/libimgcore.so.$(VERSION)
COMMAND := $(O)/bin/imgcore
UNIT_PROGRAMS := $(patsubst %.c,$(O)/%,$(UNIT_TESTS))
TOOL_PROGRAMS := $(patsubst %.c,$(O)/%,$(TEST_TOOLS))
CHECK_PROGRAM := $(if $(CHECK_KERNELS),$(O)/tests/kernels/check_kernels)

ifeq ($(V),1)
quiet = $(2)
else
quiet = @printf '  %-5s %s\n' '$(1)' '$@'; $(2)
endif

# As many jobs as CPUs, unless the command line has -jN.
ifeq ($(MAKELEVEL),0)
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all lib tests run test asan clang-asan ubsan tsan valgrind clang coverage coverage-run hostile-table lint arm64 kernels-emulated install uninstall clean help FORCE

all: lib $(COMMAND) ## build the library and the command (the default)

lib: $(STATIC) $(SHARED) ## build the library, static and shared

tests: all $(UNIT_PROGRAMS) $(CHECK_PROGRAM) $(TOOL_PROGRAMS) ## build everything with its tests

help: ## list the goals
	@echo 'make GOAL, with:'
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  \1:\2/p' $(filter-out %.d,$(MAKEFILE_LIST)) | \
		while IFS=: read -r goal text; do printf '  %-13s %s\n' "$$goal" "$$text"; done
	@echo 'The head of the Makefile lists the variables.'

# ---------------------------------------------------------------------------- rules

# Expanded here, outside of any target: flags that a target adds for itself are inherited by its
# prerequisites, so inside the recipe the text would depend on which target asks for it first.
COMMON_FLAGS := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(CXX) $(ALL_CXXFLAGS) $(HARDEN_MACHINE) $(HARDEN_PROGRAM) $(ALL_LDFLAGS)

# $(call object_flags,OBJECTS,VARIABLE,FLAGS): adds flags for the objects of a pattern.
define object_flags
OBJECT_FLAGS += $(1) $(2) $(3)
$(1): $(2) += $(3)
endef

# Rewritten only when the flags change, those of single patterns among them; every object depends on it.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(COMMON_FLAGS) $(OBJECT_FLAGS)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Reports what is missing or too old before the compiler fails for it.
$(O)/libraries: Makefile
	@mkdir -p $(@D)
	@command -v $(PKG_CONFIG) >/dev/null || { echo 'imgcore needs pkg-config to build'; exit 1; }
	@set -- $(LIBRARY_VERSIONS); while [ $$# -gt 0 ]; do \
		$(PKG_CONFIG) --exists $$1 || { echo "imgcore needs $$1 $$2 or newer with its headers; \`make run\` installs it on Debian"; exit 1; }; \
		$(PKG_CONFIG) --atleast-version=$$2 $$1 || { echo "imgcore needs $$1 $$2 or newer, here is $$($(PKG_CONFIG) --modversion $$1)"; exit 1; }; \
		shift 2; done
	@touch $@

# Intel's cores from Skylake to Cascade Lake decode a branch that crosses or ends at 32 bytes anew each time (their
# erratum of jumps), and compilers do not know where those of assembly lie. For GNU's assembler, or clang's.
BRANCHES := -mbranches-within-32B-boundaries
ACCEPTED := $(if $(filter x86_64-%,$(MACHINE)),$(shell for flag in -Wa$(comma)$(BRANCHES) $(BRANCHES); do \
	: | $(CC) -x c -c "$$flag" -o /dev/null - 2>/dev/null && { echo "$$flag"; break; }; done))
$(eval $(call object_flags,$(O)/obj/imgcore/kernels/jpeg_blocks_bmi2.o,ALL_CFLAGS,$(ACCEPTED)))

# Tests may use the system's extensions of C11; the library may not.
$(eval $(call object_flags,$(O)/obj/tests/%.o,ALL_CPPFLAGS,-D_GNU_SOURCE=))
# They compile in half the time so. The kernels' tests compare with plain C, which is to be fast.
ifeq ($(CONFIG),release)
$(eval $(call object_flags,$(foreach folder,tests/imgcore tests/services tests/lambda fuzz,$(O)/obj/$(folder)/%.o),ALL_CFLAGS,-O1 -g1))
endif

# link OBJECTS AND LIBRARIES: linked aside and renamed, because tests may run the old program
# meanwhile.
define link
@mkdir -p $(@D)
$(call quiet,LINK,$(CC) $(HARDEN_PROGRAM) $(ALL_LDFLAGS) -o $@.new $(1) && mv -f $@.new $@)
endef

$(O)/obj/%.o: %.c $(O)/flags | $(O)/libraries
	@mkdir -p $(@D)
	$(call quiet,CC,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(HARDEN_MACHINE) -MMD -MP -c -o $@ $<)

# -MD, not -MMD: Highway includes the file itself, and what that includes counts as the system's.
$(O)/obj/%.o: %.cc $(O)/flags | $(O)/libraries
	@mkdir -p $(@D)
	$(call quiet,CXX,$(CXX) $(ALL_CPPFLAGS) $(ALL_CXXFLAGS) $(HARDEN_MACHINE) -MD -MP -c -o $@ $<)

$(STATIC): $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

EXPORTS := imgcore/imgcore.map

$(SHARED): $(LIBRARY_OBJECTS) $(EXPORTS) Makefile
	@mkdir -p $(@D)
	$(call quiet,LINK,$(CC) -shared $(ALL_LDFLAGS) -Wl$(comma)-soname$(comma)libimgcore.so.$(SOVERSION) \
		-Wl$(comma)--version-script=$(EXPORTS) -Wl$(comma)--as-needed $(WHOLE) \
		-o $@.new $(LIBRARY_OBJECTS) $(LIBRARY_LIBS) && mv -f $@.new $@)
	@ln -sf $(@F) $(@D)/libimgcore.so.$(SOVERSION)
	@ln -sf libimgcore.so.$(SOVERSION) $(@D)/libimgcore.so

# No symbol may stay undefined, except a sanitizer's, whose runtime comes with the program.
WHOLE := $(if $(findstring san,$(CONFIG))$(filter fuzz,$(CONFIG)),,-Wl$(comma)-z$(comma)defs)

$(COMMAND): $(CLI_OBJECTS) $(STATIC)
	$(call link,$(CLI_OBJECTS) $(STATIC) $(LIBRARY_LIBS))

$(UNIT_PROGRAMS): $(O)/%: $(O)/obj/%.o $(SUPPORT_OBJECTS) $(STATIC)
	$(call link,$(filter-out $(STATIC),$^) $(STATIC) $(TEST_LIBS) $(LIBRARY_LIBS))

# Test a part of the command.
$(O)/tests/imgcore/test_cli_input $(O)/tests/imgcore/test_sandbox: $(filter-out %/main.o,$(CLI_OBJECTS))

$(CHECK_PROGRAM): $(CHECK_OBJECTS) $(STATIC)
	$(call link,$^ $(LIBRARY_LIBS))

$(TOOL_PROGRAMS): $(O)/%: $(O)/obj/%.o
	$(call link,$^ $(TEST_LIBS) $(LIBRARY_LIBS))

# ---------------------------------------------------------------------------- the two commands

run: ## photographs into four sizes under out/, with a page to look at (IMG=yours)
	@sh .ci/packages build $(if $(IMG),,run)
	@$(MAKE) --no-print-directory $(COMMAND)
	@if [ -n "$$IMG" ]; then set -- "$$IMG"; \
	elif command -v dpkg-query >/dev/null; then \
		set -- $$(dpkg-query -L lomiri-wallpapers-20.04 | grep -E '[.](jpe?g|png)$$'); \
	else set -- /usr/share/backgrounds; fi; \
	status=0; $(COMMAND) variants -o "$$OUT" --contact-sheet "$$OUT/index.html" -- "$$@" || status=$$?; \
	[ $$status -gt 1 ] || printf '\nLook at %s in a browser; the pictures are below %s.\n' "$$OUT/index.html" "$$OUT"; \
	exit $$status

test: ## run all tests (installs what they need)
	@sh .ci/packages build test npm local
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory tests
	@$(RUN_TESTS) $(SCRIPTS) \
		$(CHECK_PROGRAM) $(UNIT_PROGRAMS) \
		$(SERVICES_PROGRAMS) $(FUNCTION_UNIT_PROGRAMS)

SCRIPTS = $(if $(findstring san,$(CONFIG)),$(filter-out $(PLAIN_TESTS),$(LAMBDA_TESTS) $(END_TO_END)), \
	$(filter $(if $(filter no,$(TWICE)),$(filter-out $(LONGEST_TESTS),$(PLAIN_TESTS)) $(TWICE_TESTS),%), \
	$(LAMBDA_TESTS) $(END_TO_END)))

RUN_TESTS = BUILD=$(O) CONFIG=$(CONFIG) CC='$(CC)' sh tests/support/run_tests.sh

# ---------------------------------------------------------------------------- more checks

asan: ## all tests of C with address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory CONFIG=asan test

clang-asan: ## the same, built by clang: its warnings, and its checks, which are more
	@sh .ci/packages build test ci
	@$(MAKE) --no-print-directory CONFIG=clang-asan test

ubsan: ## all tests of C with the undefined-behaviour sanitizer alone
	@$(MAKE) --no-print-directory CONFIG=ubsan test

tsan: ## the tests that use threads, with the thread sanitizer
	@sh .ci/packages build test
	@$(MAKE) --no-print-directory CONFIG=tsan tsan-tests

.PHONY: tsan-tests
tsan-tests: $(patsubst %.c,$(O)/%,$(THREAD_TESTS))
	@# Older sanitizer runtimes fail where the kernel randomises addresses widely.
	@RUN_WITH="$$(setarch -R true 2>/dev/null && echo setarch -R)" $(RUN_TESTS) $^

clang: ## build everything with clang, all warnings on
	@sh .ci/packages build test ci
	@$(MAKE) --no-print-directory CONFIG=clang tests

valgrind: ## unit tests under valgrind, with its leak check (LONGEST=no: without those that take longest)
	@sh .ci/packages build test npm ci
	@# The mustache specification comes from npm.
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory tests
	@# JSIMD_FORCENONE: libjpeg-turbo's vector code reads (and drops) uninitialised bytes.
	@JSIMD_FORCENONE=1 TEST_SLOWLY=1 RUN_WITH='valgrind -q --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=99' \
		$(RUN_TESTS) $(patsubst %.c,$(O)/%,$(filter-out $(if $(filter no,$(LONGEST)),$(VALGRIND_LONGEST)), \
		$(VALGRIND_TESTS) $(SERVICES_VALGRIND_TESTS) $(filter-out %_settlement_alloc.c,$(FUNCTION_UNIT_TESTS))))

COVERED_PROGRAMS = $(CHECK_PROGRAM) $(UNIT_PROGRAMS) $(SERVICES_PROGRAMS) $(FUNCTION_UNIT_PROGRAMS)

coverage: ## lines and branches of each folder that the tests in C reach, and a page in OUT/coverage
	@sh .ci/packages build test npm local ci fuzz
	@# The mustache specification comes from npm.
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory CONFIG=coverage coverage-run

coverage-run:
	@$(MAKE) --no-print-directory $(COVERED_PROGRAMS) $(TOOL_PROGRAMS)
	@rm -rf $(O)/profiles
	@# The figures count even where a test fails.
	@status=0; LLVM_PROFILE_FILE="$$PWD/$(O)/profiles/%4m.profraw" TEST_SLOWLY=1 $(RUN_TESTS) $(COVERED_PROGRAMS) || status=$$?; \
		sh tests/support/coverage.sh $(O)/profiles "$(OUT)/coverage" $(COVERED_PROGRAMS) && exit $$status

# The kernels need no library, so the cross compiler is enough; an emulator runs NEON.
ARM := build/arm64
ARM_OBJECTS := $(patsubst %,$(ARM)/%.o,$(KERNELS) $(KERNELS_HWY) $(CHECK_KERNELS))

arm64: ## the kernels for arm64 (NEON), checked against plain C under an emulator
	@sh .ci/packages build arm64
	@$(MAKE) --no-print-directory $(ARM)/check_kernels
	qemu-aarch64-static $(ARM)/check_kernels --quick

# One model for each target that the emulator knows; it has no AVX-512. The first one lacks SSE4, so
# that plain C must be chosen.
EMULATED_CPUS := qemu64 Westmere Haswell

kernels-emulated: ## the kernels on CPU models with other vector units, under an emulator (x86_64)
	@sh .ci/packages build arm64
	@$(MAKE) --no-print-directory $(CHECK_PROGRAM)
	@sh tests/kernels/emulated.sh $(CHECK_PROGRAM) $(EMULATED_CPUS)

$(ARM)/check_kernels: $(ARM_OBJECTS)
	$(call quiet,LINK,aarch64-linux-gnu-gcc -static -o $@ $^ -lm)

$(ARM)/include/hwy:
	@mkdir -p $(@D)
	@ln -sfn "$$($(PKG_CONFIG) --variable=includedir libhwy)/hwy" $@

$(ARM)/%.c.o: %.c | $(ARM)/include/hwy
	@mkdir -p $(@D)
	$(call quiet,CC,aarch64-linux-gnu-gcc -I. -Iimgcore/include -isystem $(ARM)/include -D_GNU_SOURCE= \
		-O2 $(ALL_CFLAGS) -MMD -MP -c -o $@ $<)

$(ARM)/%.cc.o: %.cc | $(ARM)/include/hwy
	@mkdir -p $(@D)
	$(call quiet,CXX,aarch64-linux-gnu-g++ -I. -Iimgcore/include -isystem $(ARM)/include \
		-O2 $(ALL_CXXFLAGS) -MD -MP -c -o $@ $<)

hostile-table: ## what each kind of crafted picture costs, in time and memory, against its limit
	@sh .ci/packages build test
	@$(MAKE) --no-print-directory $(O)/tests/imgcore/test_hostile_costs
	@$(O)/tests/imgcore/test_hostile_costs --table 2>/dev/null | grep '^|'

# A library's own kinds of machine, of codec and of C library, other than those that everything else here is built for.
BUILDS ?= s390x armhf jpeg3 musl
.PHONY: builds $(BUILDS:%=builds-%)
builds: $(BUILDS:%=builds-%) ## the library's tests on a big-endian and on a 32-bit machine (emulated), with libjpeg-turbo 3, and with musl

$(BUILDS:%=builds-%): builds-%:
	@sh .ci/packages build test builds
	@BUILD_TESTS='$(UNIT_TESTS:.c=) tests/kernels/check_kernels' TEST_SECONDS=3600 sh tests/builds/build.sh $*

lint: ## layout, who may include what, headers, scripts
	@sh .ci/packages build ci npm
	@sh .ci/lint '$(sort $(IMGCORE_BASE) $(KERNELS) $(KERNELS_HWY) $(CODEC) $(COLOR) $(RESAMPLE) $(PLAN) \
		$(PIPELINE) $(API) $(CLI) $(TEST_SUPPORT) $(UNIT_TESTS) $(CHECK_KERNELS) $(TEST_TOOLS) \
		$(END_TO_END) $(BENCH_SOURCES) $(FUZZ_SOURCES) $(SERVICES_SOURCES) $(SERVICES_TEST_SUPPORT) $(FAILING_MALLOC_SOURCE) $(MEMORY_COPIES_SOURCE) $(SERVICES_TESTS) \
		$(FUNCTION_SOURCES) $(FUNCTION_UNIT_TESTS) $(TEST_FUNCTIONS) \
		$(LAMBDA_TESTS) $(LAMBDA_LONG_TESTS) $(PACKAGE_TESTS))' '$(ALL_CPPFLAGS)' '$(sort $(CHECK_KERNELS) \
		$(END_TO_END) $(LAMBDA_TESTS) $(PACKAGE_TESTS) \
		$(patsubst $(O)/%,%.c,$(UNIT_PROGRAMS) $(SERVICES_PROGRAMS) $(FUNCTION_UNIT_PROGRAMS)))'

.PHONY: abi-baseline
abi-baseline: ## accept the public ABI as it is now (make lint compares it)
	@sh .ci/packages build ci
	@sh .ci/check-abi '$(ALL_CPPFLAGS)' --renew

# ---------------------------------------------------------------------------- services, functions

include services/services.mk
include lambda/lambda.mk
include infra/infra.mk
include fuzz/fuzz.mk

# ---------------------------------------------------------------------------- measuring

# BENCH_IMAGES photographs or folders; BENCH_ROUNDS BENCH_ONLY see bench/README.md; RECORD=1 keeps the
# result; BASE HEAD commits or results, BOUND percent allowed
export BENCH_IMAGES BASE HEAD
.PHONY: bench bench-compare bench-track
include bench/bench.mk
# The bench has tests as well, which run without a sanitizer (PLAIN_TESTS).
tests: $(if $(findstring san,$(CONFIG)),,bench-programs)

# One path, which may have spaces, or several words as the shell reads them.
BENCH_WORDS = if [ -e "$$BENCH_IMAGES" ]; then set -- "$$BENCH_IMAGES"; \
	else eval "set -- $$BENCH_IMAGES"; fi
BENCH_OPTIONS = $(if $(BENCH_ROUNDS),--rounds $(BENCH_ROUNDS)) $(if $(BENCH_ONLY),--only $(BENCH_ONLY))
PYTHON ?= /usr/bin/python3

bench: ## measure imgcore alone (BENCH_IMAGES=yours, RECORD=1 keeps it)
	@sh .ci/packages build bench $(if $(BENCH_IMAGES),,run)
	@$(MAKE) --no-print-directory bench-programs
	@$(BENCH_WORDS); CC='$(CC)' $(PYTHON) bench/bench.py --build $(O) $(BENCH_OPTIONS) \
		$(if $(filter 1,$(RECORD)),--record) -- "$$@"

bench-compare: ## imgcore beside its peers, which it installs, and its marks
	@sh .ci/packages build bench $(if $(BENCH_IMAGES),,run)
	@sh bench/compare/setup.sh
	@$(MAKE) --no-print-directory bench-programs
	@$(MAKE) --no-print-directory bench-rivals
	@$(BENCH_WORDS); CC='$(CC)' $(PYTHON) bench/compare/compare.py --build $(O) \
		--node build/bench/node $(BENCH_OPTIONS) \
		$(if $(filter 1,$(RECORD)),--record) -- "$$@"

bench-track: ## two commits or results: fails on a regression (BASE=, HEAD=, BOUND=5)
	@[ -n "$$BASE" ] || { echo 'bench-track needs BASE=commit or BASE=result.json'; exit 2; }
	@case "$$BASE" in *.json) ;; *) sh .ci/packages build bench $(if $(BENCH_IMAGES),,run) ;; esac
	@$(BENCH_WORDS); $(PYTHON) bench/track.py "$$BASE" "$${HEAD:-HEAD}" $(BENCH_OPTIONS) \
		$(if $(BOUND),--bound $(BOUND)) --images "$$@"

# ---------------------------------------------------------------------------- installing

# A folder below the prefix is written as ${prefix}/..., so that the .pc file can be moved.
relative = $(subst $(PREFIX)/,$${prefix}/,$(1))

install: all ## install library, headers, command, manual (PREFIX, DESTDIR)
	install -d "$(DESTDIR)$(BINDIR)" "$(DESTDIR)$(LIBDIR)/pkgconfig" \
		"$(DESTDIR)$(INCLUDEDIR)/imgcore" "$(DESTDIR)$(MANDIR)/man1"
	install -m 755 $(COMMAND) "$(DESTDIR)$(BINDIR)/imgcore"
	install -m 644 $(PUBLIC_HEADERS) "$(DESTDIR)$(INCLUDEDIR)/imgcore"
	install -m 644 $(STATIC) "$(DESTDIR)$(LIBDIR)/libimgcore.a"
	install -m 644 $(SHARED) "$(DESTDIR)$(LIBDIR)/libimgcore.so.$(VERSION)"
	ln -sf libimgcore.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/libimgcore.so.$(SOVERSION)"
	ln -sf libimgcore.so.$(SOVERSION) "$(DESTDIR)$(LIBDIR)/libimgcore.so"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(call relative,$(LIBDIR))|' \
		-e 's|@INCLUDEDIR@|$(call relative,$(INCLUDEDIR))|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@LIBRARIES@|$(LIBRARIES)|' \
		imgcore/imgcore.pc.in >"$(DESTDIR)$(LIBDIR)/pkgconfig/imgcore.pc"
	sed -e 's|@VERSION@|$(VERSION)|' imgcore/cli/imgcore.1.in >"$(DESTDIR)$(MANDIR)/man1/imgcore.1"

uninstall: ## remove what make install installed
	rm -f "$(DESTDIR)$(BINDIR)/imgcore" "$(DESTDIR)$(MANDIR)/man1/imgcore.1" \
		"$(DESTDIR)$(LIBDIR)/libimgcore.a" "$(DESTDIR)$(LIBDIR)/libimgcore.so" \
		"$(DESTDIR)$(LIBDIR)/libimgcore.so.$(SOVERSION)" \
		"$(DESTDIR)$(LIBDIR)/libimgcore.so.$(VERSION)" \
		"$(DESTDIR)$(LIBDIR)/pkgconfig/imgcore.pc"
	for header in $(notdir $(PUBLIC_HEADERS)); do \
		rm -f "$(DESTDIR)$(INCLUDEDIR)/imgcore/$$header"; done
	-rmdir "$(DESTDIR)$(INCLUDEDIR)/imgcore" 2>/dev/null

clean: ## remove everything built
	rm -rf build

-include $(patsubst %.o,%.d,$(ARM_OBJECTS) $(LIBRARY_OBJECTS) $(CLI_OBJECTS) $(SUPPORT_OBJECTS) $(CHECK_OBJECTS) \
	$(call objects,$(UNIT_TESTS) $(TEST_TOOLS)))

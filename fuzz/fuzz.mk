# The fuzz targets, and the programs that make their seeds. Included by the Makefile after the functions.
#
# build/fuzz/fuzz/NAME_fuzzer is a libFuzzer program (CONFIG=fuzz: clang, address and undefined-behaviour
# sanitizers); in every other configuration the same name is a program that runs the target on files
# (fuzz/support/replay.c). build/CONFIG/fuzz/seeds/NAME_seeds FOLDER writes a target's seeds.

FUZZ_SUPPORT := fuzz/support/fuzz_input.c
FUZZ_REPLAY := fuzz/support/replay.c
FUZZ_SEEDS_MAIN := fuzz/seeds/make_seeds.c
FUZZ_TARGETS :=
FUZZ_SEED_MAKERS :=
FUZZ_EXTRA_SOURCES :=

# In the order in which they are linked.
FUZZ_LIBRARIES := settlement webhook email db imgcore
# The engine that drives a target: libFuzzer's own main, or OSS-Fuzz's; none: the replaying one.
FUZZ_ENGINE := $(if $(filter fuzz,$(CONFIG)),-fsanitize=fuzzer)

# Tests and targets may use the system's extensions of C11. The C library is the oracle for times of all years, also
# on machines of 32 bits, where glibc gives time_t 64 bits if it is asked to.
$(eval $(call object_flags,$(O)/obj/fuzz/%.o,ALL_CPPFLAGS,-D_GNU_SOURCE= -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64 $(SERVICES_CFLAGS) $(DB_CFLAGS)))

# $(call fuzz_target,NAME,LIBRARIES,SOURCES): fuzz/NAME_fuzzer.c
#   LIBRARIES   of those above, and lambda; the services are always linked
#   SOURCES     linked besides, such as files of a handler
define fuzz_target
FUZZ_TARGETS += $(1)
FUZZ_EXTRA_SOURCES += $(filter fuzz/%,$(3))
$(O)/fuzz/$(1)_fuzzer: $(call objects,fuzz/$(1)_fuzzer.c $(3) $(FUZZ_SUPPORT) $(if $(FUZZ_ENGINE),,$(FUZZ_REPLAY))) \
		$(if $(filter lambda,$(2)),$(LAMBDA)) \
		$(foreach library,$(FUZZ_LIBRARIES),$(if $(filter $(library),$(2)),$(LINK_$(library)))) $(SERVICES)
	$$(call link,$$^ $$(FUZZ_ENGINE) \
		$(foreach library,$(FUZZ_LIBRARIES),$(if $(filter $(library),$(2)),$(LIBS_$(library)))) \
		$(if $(4),$(4)) $(SERVICES_LIBS) -lpthread -lm)
endef

# $(call fuzz_seeds,NAME,SOURCES): fuzz/seeds/NAME_seeds.c
define fuzz_seeds
FUZZ_SEED_MAKERS += $(1)
FUZZ_EXTRA_SOURCES += $(filter fuzz/%,$(2))
$(O)/fuzz/seeds/$(1)_seeds: $(call objects,fuzz/seeds/$(1)_seeds.c $(FUZZ_SEEDS_MAIN) $(2))
	$$(call link,$$^ $(LIBRARY_LIBS) $(TEST_LIBS) -lpthread)
endef

# ---- imgcore: codecs
FUZZ_CODEC := fuzz/support/fuzz_codec.c
FUZZ_LIBPNG := fuzz/support/fuzz_libpng.c
FUZZ_LIBPNG_LIBS := $(shell $(PKG_CONFIG) --libs libpng 2>/dev/null)
FUZZ_LIBJPEG := fuzz/support/fuzz_libjpeg.c
FUZZ_WRITE := fuzz/support/fuzz_write.c
FUZZ_PICTURES := tests/support/pictures.c fuzz/seeds/png_file.c

$(eval $(call fuzz_target,exif,imgcore))
$(eval $(call fuzz_seeds,exif))
$(eval $(call fuzz_target,png_read,imgcore,$(FUZZ_CODEC) $(FUZZ_LIBPNG),$(FUZZ_LIBPNG_LIBS)))
$(eval $(call fuzz_seeds,png_read,$(FUZZ_PICTURES)))
$(eval $(call fuzz_target,jpeg_read,imgcore,$(FUZZ_CODEC) $(FUZZ_LIBJPEG)))
$(eval $(call fuzz_seeds,jpeg_read,$(FUZZ_PICTURES)))
$(eval $(call fuzz_target,probe,imgcore,$(FUZZ_CODEC)))
$(eval $(call fuzz_seeds,probe,$(FUZZ_PICTURES)))
$(eval $(call fuzz_target,icc,imgcore,fuzz/support/fuzz_lcms.c))
$(eval $(call fuzz_seeds,icc))
$(O)/fuzz/icc_fuzzer: private ALL_LDFLAGS += -Wl,--wrap=cmsCreateTransformTHR
$(eval $(call fuzz_target,png_write,imgcore,$(FUZZ_CODEC) $(FUZZ_WRITE) $(FUZZ_LIBPNG),$(FUZZ_LIBPNG_LIBS)))
$(eval $(call fuzz_seeds,png_write))
$(eval $(call fuzz_target,jpeg_write,imgcore,$(FUZZ_CODEC) $(FUZZ_WRITE) $(FUZZ_LIBJPEG)))
$(eval $(call fuzz_seeds,jpeg_write))
$(eval $(call fuzz_target,exif_framing,imgcore,$(FUZZ_CODEC) $(FUZZ_WRITE)))
$(eval $(call fuzz_seeds,exif_framing))

# ---- imgcore: pixels
$(eval $(call fuzz_target,kernels,imgcore,$(filter-out %/check_kernels.c %/check_targets.c,$(CHECK_KERNELS))))
$(eval $(call fuzz_target,resize,imgcore,tests/support/exact.c))
$(eval $(call fuzz_target,weights,imgcore))
$(eval $(call fuzz_target,transform,imgcore,fuzz/support/fuzz_transform.c tests/support/pictures.c fuzz/support/fuzz_lcms.c,$(TEST_LIBS)))
$(O)/fuzz/transform_fuzzer: private ALL_LDFLAGS += -Wl,--wrap=cmsCreateTransformTHR
$(eval $(call fuzz_seeds,transform,$(FUZZ_PICTURES)))
$(eval $(call fuzz_seeds,kernels))
$(eval $(call fuzz_seeds,resize))
$(eval $(call fuzz_seeds,weights))

# ---- AWS client layer, events
FUZZ_JSON_ORACLE := fuzz/support/json_oracle.c
FUZZ_CLIENT := fuzz/support/fuzz_client.c

$(eval $(call fuzz_target,json,,$(FUZZ_JSON_ORACLE)))
$(eval $(call fuzz_target,sigv4,,fuzz/support/sigv4_oracle.c))
$(eval $(call fuzz_target,s3_response,,$(FUZZ_CLIENT)))
$(eval $(call fuzz_target,aws_json,,$(FUZZ_CLIENT)))
$(eval $(call fuzz_target,s3_list,,$(FUZZ_CLIENT)))
$(eval $(call fuzz_target,aws_values,))
$(eval $(call fuzz_target,ses_mail,))
$(eval $(call fuzz_target,http_headers,))
$(eval $(call fuzz_target,events_s3,lambda,lambda/handlers/image/event.c lambda/handlers/image/keys.c))
$(eval $(call fuzz_target,events_sqs,lambda))
$(eval $(call fuzz_target,events_url,lambda))
$(eval $(call fuzz_target,events_schedule,lambda))
$(eval $(call fuzz_target,runtime_api,lambda))
$(eval $(call fuzz_target,text,))
$(eval $(call fuzz_target,settings,))
$(eval $(call fuzz_target,certificate,))
$(eval $(call fuzz_target,profile,,fuzz/support/profile_oracle.c))
$(eval $(call fuzz_target,credentials,,$(FUZZ_JSON_ORACLE) fuzz/support/profile_oracle.c))
$(O)/fuzz/credentials_fuzzer: private ALL_LDFLAGS += -Wl,--wrap=svc_read_file

# ---- mail, webhook, settlement
$(eval $(call fuzz_target,mail_message,email,fuzz/support/html.c))
$(eval $(call fuzz_target,mail_mime,email,fuzz/support/mime.c))
$(eval $(call fuzz_target,mail_address,email,fuzz/support/punycode_oracle.c))
$(eval $(call fuzz_target,mail_template,email,$(EMAIL_COMPILER_MODULE) fuzz/support/html.c \
	fuzz/support/mustache_oracle.c))
$(eval $(call fuzz_target,ses_event,email lambda,$(addprefix lambda/handlers/email/,ses_event.c \
	dead_letters_ids.c dead_letters_reason.c)))
$(eval $(call fuzz_target,order_state,webhook))
$(eval $(call fuzz_target,settlement_money,settlement))
$(eval $(call fuzz_target,settlement_csv,settlement,fuzz/support/settlement_lines.c))
$(eval $(call fuzz_target,webhook_signature,webhook))
$(eval $(call fuzz_seeds,order_state))
$(eval $(call fuzz_seeds,settlement_money))
$(eval $(call fuzz_seeds,webhook_signature))
$(eval $(call fuzz_target,webhook_event,webhook,$(FUZZ_JSON_ORACLE) fuzz/support/body_oracle.c))
$(eval $(call fuzz_target,toss,webhook,$(FUZZ_JSON_ORACLE) fuzz/support/body_oracle.c))
$(eval $(call fuzz_target,settlement_html,settlement email,fuzz/support/html.c fuzz/support/settlement_lines.c))
$(eval $(call fuzz_target,webhook_route,webhook))
$(eval $(call fuzz_target,webhook_http,webhook email db lambda,$(FUZZ_CLIENT) $(addprefix lambda/handlers/webhook/, \
	call.c changes.c http.c keys.c keys_parse.c report.c sender_internal.c sender_people.c sender_platform.c \
	sender_toss.c senders.c toss_apply.c toss_key.c reconcile.c)))
$(eval $(call fuzz_target,webhook_keys,webhook,$(FUZZ_JSON_ORACLE) $(FUZZ_CLIENT) \
	lambda/handlers/webhook/keys_parse.c lambda/handlers/webhook/toss_key.c))
$(eval $(call fuzz_target,settlement_request,settlement webhook,$(FUZZ_JSON_ORACLE) fuzz/support/body_oracle.c))
$(eval $(call fuzz_target,db_values,db,$(FUZZ_JSON_ORACLE)))
$(eval $(call fuzz_target,db_bind,db))
$(eval $(call fuzz_seeds,db_bind))
$(O)/fuzz/db_bind_fuzzer: private ALL_LDFLAGS += $(patsubst %,-Wl$(comma)--wrap=%,mysql_stmt_param_count \
	mysql_stmt_bind_param mysql_stmt_field_count mariadb_stmt_fetch_fields mysql_stmt_bind_result \
	mysql_stmt_fetch_column)

# ----------------------------------------------------------------------------

FUZZ_PROGRAMS := $(patsubst %,$(O)/fuzz/%_fuzzer,$(FUZZ_TARGETS))
FUZZ_SEED_PROGRAMS := $(patsubst %,$(O)/fuzz/seeds/%_seeds,$(FUZZ_SEED_MAKERS))
FUZZ_SOURCES := $(patsubst %,fuzz/%_fuzzer.c,$(FUZZ_TARGETS)) $(FUZZ_SUPPORT) $(FUZZ_REPLAY) $(FUZZ_SEEDS_MAIN) \
	$(patsubst %,fuzz/seeds/%_seeds.c,$(FUZZ_SEED_MAKERS)) $(sort $(FUZZ_EXTRA_SOURCES))

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS) $(FUZZ_SEED_PROGRAMS)
tests: $(if $(findstring san,$(CONFIG)),,fuzz-programs)

-include $(patsubst %.o,%.d,$(call objects,$(FUZZ_SOURCES)))

# ---------------------------------------------------------------------------- goals

# FUZZ_SECONDS   how long make fuzz runs, in all
# FUZZ_ONLY      names of targets; default all
# FUZZ_JSON      1: make fuzz prints JSON
FUZZ_SECONDS ?= 600
FUZZ_ONLY ?=
FUZZ_CHOSEN = $(or $(FUZZ_ONLY),$(FUZZ_TARGETS))
FUZZ_CHOSEN_PROGRAMS = $(patsubst %,$(O)/fuzz/%_fuzzer,$(FUZZ_CHOSEN)) \
	$(patsubst %,$(O)/fuzz/seeds/%_seeds,$(filter $(FUZZ_CHOSEN),$(FUZZ_SEED_MAKERS)))

# OSS-Fuzz links every target by its C++ compiler, since an engine may be C++.
# CC and CXX are given on the command line there.
ifdef FUZZ_LINK
$(FUZZ_PROGRAMS) $(FUZZ_SEED_PROGRAMS): private override CC = $(FUZZ_LINK)
endif

.PHONY: fuzz fuzz-chosen fuzz-oss-programs fuzz-regress fuzz-check fuzz-coverage fuzz-minimise fuzz-oss
fuzz-chosen fuzz-oss-programs: $(FUZZ_CHOSEN_PROGRAMS)

fuzz: ## fuzz all targets (FUZZ_SECONDS=600 in all, FUZZ_ONLY='exif ...', FUZZ_JSON=1)
	@sh .ci/packages build test ci npm
	@$(MAKE) --no-print-directory CONFIG=fuzz FUZZ_ONLY='$(FUZZ_ONLY)' fuzz-chosen $(if $(FUZZ_JSON),>&2)
	@node fuzz/fuzz.mjs $(if $(filter 1,$(FUZZ_JSON)),--json) --seconds $(FUZZ_SECONDS) $(FUZZ_CHOSEN)

fuzz-regress: ## every seed and past crasher through the targets of this CONFIG
	@sh .ci/packages build test $(if $(filter clang% fuzz,$(CONFIG)),ci)
	@$(MAKE) --no-print-directory FUZZ_ONLY='$(FUZZ_ONLY)' fuzz-chosen
	@sh fuzz/regress.sh $(O) $(FUZZ_CHOSEN)

fuzz-minimise: ## reduce the corpora of make fuzz to what covers the same
	@$(MAKE) --no-print-directory CONFIG=fuzz FUZZ_ONLY='$(FUZZ_ONLY)' fuzz-chosen
	@for name in $(FUZZ_CHOSEN); do \
		corpus=build/fuzz/corpus/$$name; [ -d "$$corpus" ] || continue; \
		rm -rf "$$corpus.new"; mkdir "$$corpus.new"; \
		build/fuzz/fuzz/$${name}_fuzzer -merge=1 "$$corpus.new" "$$corpus" 2>/dev/null && \
		printf '%s: %d of %d\n' "$$name" "$$(ls "$$corpus.new" | wc -l)" "$$(ls "$$corpus" | wc -l)" && \
		rm -rf "$$corpus" && mv "$$corpus.new" "$$corpus" || exit 1; done

fuzz-coverage: ## lines that seeds and corpora cover: a table, and a page in OUT/fuzz-coverage
	@sh .ci/packages build test ci fuzz
	@$(MAKE) --no-print-directory CONFIG=fuzz-coverage FUZZ_ONLY='$(FUZZ_ONLY)' fuzz-chosen
	@sh fuzz/coverage.sh build/fuzz-coverage "$(OUT)/fuzz-coverage" $(FUZZ_CHOSEN)

# The targets of make fuzz are linked with shared libraries; make fuzz-oss makes those without.
fuzz-check: ## what OSS-Fuzz checks: targets run, are instrumented, have seeds, do not leak
	@sh .ci/packages build test ci fuzz
	@$(MAKE) --no-print-directory CONFIG=fuzz FUZZ_ONLY='$(FUZZ_ONLY)' fuzz-chosen
	@rm -rf build/fuzz/out
	@sh fuzz/collect.sh build/fuzz build/fuzz/out $(FUZZ_CHOSEN)
	@CHECK_SHARED=no bash fuzz/check.sh build/fuzz/out $(FUZZ_CHOSEN)

# FUZZ_SANITIZER  address, undefined, memory; FUZZ_ENGINE_NAME libfuzzer, afl; FUZZ_ARCHITECTURE x86_64, i386
fuzz-oss: ## build and check as OSS-Fuzz does (FUZZ_SANITIZER=address|undefined|memory)
	@sh .ci/packages build test ci fuzz
	@bash fuzz/oss-fuzz/local.sh '$(or $(FUZZ_SANITIZER),address)' '$(or $(FUZZ_ARCHITECTURE),x86_64)' \
		'$(or $(FUZZ_ENGINE_NAME),libfuzzer)' $(FUZZ_CHOSEN)

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

# Tests and targets may use the system's extensions of C11.
$(O)/obj/fuzz/%.o: ALL_CPPFLAGS += -D_GNU_SOURCE= $(SERVICES_CFLAGS) $(DB_CFLAGS)

# $(call fuzz_target,NAME,LIBRARIES,SOURCES): fuzz/NAME_fuzzer.c
#   LIBRARIES   of those above, and lambda; the services are always linked
#   SOURCES     linked besides, such as files of a handler
define fuzz_target
FUZZ_TARGETS += $(1)
FUZZ_EXTRA_SOURCES += $(filter fuzz/%,$(3))
$(O)/fuzz/$(1)_fuzzer: $(call objects,fuzz/$(1)_fuzzer.c $(3) $(FUZZ_SUPPORT) $(if $(FUZZ_ENGINE),,$(FUZZ_REPLAY))) \
		$(if $(filter lambda,$(2)),$(LAMBDA)) \
		$(foreach library,$(FUZZ_LIBRARIES),$(if $(filter $(library),$(2)),$(LINK_$(library)))) $(SERVICES)
	$$(call link,$(FUZZ_ENGINE) $$^ \
		$(foreach library,$(FUZZ_LIBRARIES),$(if $(filter $(library),$(2)),$(LIBS_$(library)))) \
		$(if $(4),$(4)) $(SERVICES_LIBS) -lpthread -lm)
endef

# $(call fuzz_seeds,NAME,SOURCES): fuzz/seeds/NAME_seeds.c
define fuzz_seeds
FUZZ_SEED_MAKERS += $(1)
$(O)/fuzz/seeds/$(1)_seeds: $(call objects,fuzz/seeds/$(1)_seeds.c $(FUZZ_SEEDS_MAIN) $(2))
	$$(call link,$$^ $(LIBRARY_LIBS) $(TEST_LIBS) -lpthread)
endef

# ---- imgcore: codecs
$(eval $(call fuzz_target,exif,imgcore))
$(eval $(call fuzz_seeds,exif))

# ---- imgcore: pixels

# ---- AWS client layer, events

# ---- mail, webhook, settlement
$(eval $(call fuzz_target,mail_message,email,fuzz/support/html.c))
$(eval $(call fuzz_target,order_state,webhook))
$(eval $(call fuzz_target,settlement_money,settlement))
$(eval $(call fuzz_target,settlement_csv,settlement))
$(eval $(call fuzz_target,webhook_signature,webhook))

# ----------------------------------------------------------------------------

FUZZ_PROGRAMS := $(patsubst %,$(O)/fuzz/%_fuzzer,$(FUZZ_TARGETS))
FUZZ_SEED_PROGRAMS := $(patsubst %,$(O)/fuzz/seeds/%_seeds,$(FUZZ_SEED_MAKERS))
FUZZ_SOURCES := $(patsubst %,fuzz/%_fuzzer.c,$(FUZZ_TARGETS)) $(FUZZ_SUPPORT) $(FUZZ_REPLAY) $(FUZZ_SEEDS_MAIN) \
	$(patsubst %,fuzz/seeds/%_seeds.c,$(FUZZ_SEED_MAKERS)) $(sort $(FUZZ_EXTRA_SOURCES))

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS) $(FUZZ_SEED_PROGRAMS)
tests: fuzz-programs

-include $(patsubst %.o,%.d,$(call objects,$(FUZZ_SOURCES)))

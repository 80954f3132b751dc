# Rules that build the bench. Included by the Makefile. For a commit without a bench it is read after
# the Makefile (make -f Makefile -f bench/bench.mk): bench-track does this to measure both sides with
# the same programs.
ifndef BENCH_PROGRAMS

BENCH_COMMON := bench/runner.c
BENCH_MAIN := bench/bench_floor.c bench/bench_inputs.c bench/bench_pipeline.c \
	bench/bench_quality.c bench/bench_resize.c bench/bench_start.c
BENCH_RIVALS := bench/compare/run_gm.c bench/compare/run_swscale.c bench/compare/run_vips.c \
	bench/compare/run_zimg.c
BENCH_RIVALS_CXX := bench/compare/run_opencv.cc
BENCH_SOURCES := $(BENCH_COMMON) bench/exact_fast.c $(BENCH_MAIN) $(BENCH_RIVALS) \
	$(BENCH_RIVALS_CXX)
BENCH_PROGRAMS := $(patsubst bench/%.c,$(O)/bench/%,$(BENCH_MAIN))
RIVAL_PROGRAMS := $(patsubst bench/compare/%.c,$(O)/bench/%,$(BENCH_RIVALS)) \
	$(patsubst bench/compare/%.cc,$(O)/bench/%,$(BENCH_RIVALS_CXX))

.PHONY: bench-programs bench-timed bench-rivals
.SECONDARY: $(call objects,$(BENCH_COMMON) bench/exact_fast.c $(BENCH_MAIN))
bench-programs: $(BENCH_PROGRAMS) $(CHECK_PROGRAM) $(COMMAND)
# The programs of bench-track: they use only the public header, so they build with older commits.
bench-timed: $(addprefix $(O)/bench/bench_,inputs pipeline resize) $(COMMAND)

$(eval $(call object_flags,$(O)/obj/bench/%.o,ALL_CPPFLAGS,-D_GNU_SOURCE=))
$(eval $(call object_flags,$(O)/obj/bench/exact_fast.o,ALL_CFLAGS,-O3))

$(O)/bench/bench_%: $(O)/obj/bench/bench_%.o $(O)/obj/bench/runner.o $(O)/obj/bench/exact_fast.o \
		$(STATIC)
	@mkdir -p $(@D)
	$(call quiet,LINK,$(CC) $(ALL_LDFLAGS) -o $@.new $^ $(LIBRARY_LIBS) -lpthread && mv -f $@.new $@)

# A library that is missing, or does not build here, is skipped, and the comparison reports that.
bench-rivals: $(addprefix rival-,$(notdir $(RIVAL_PROGRAMS)))

RIVAL_PKG_run_gm := GraphicsMagick
RIVAL_PKG_run_swscale := libswscale libavutil
RIVAL_PKG_run_vips := vips
RIVAL_PKG_run_zimg := zimg
# Debian's opencv4.pc is in a package with all its modules; three libraries are enough.
RIVAL_FLAGS_run_opencv := -isystem /usr/include/opencv4 -lopencv_imgcodecs -lopencv_imgproc \
	-lopencv_core

rival-%: $(O)/obj/bench/runner.o
	@mkdir -p $(O)/bench
	@source=$(firstword $(wildcard bench/compare/$*.c bench/compare/$*.cc)); \
	if [ -x $(O)/bench/$* ] && [ $(O)/bench/$* -nt $$source ] && \
		[ $(O)/bench/$* -nt $< ]; then exit 0; fi; \
	rm -f $(O)/bench/$*; \
	case $$source in *.cc) compile='$(CXX) -std=c++17';; *) compile='$(CC) -std=c11';; esac; \
	flags='$(RIVAL_FLAGS_$*)'; \
	[ -n "$$flags" ] || flags=$$($(PKG_CONFIG) --cflags --libs $(RIVAL_PKG_$*) 2>/dev/null | \
		sed 's/-I/-isystem /g'); \
	$$compile -O2 -Wall -Wextra -D_GNU_SOURCE -I. -o $(O)/bench/$* $$source $< $$flags -lm \
		2>$(O)/bench/$*.log || { echo "bench: $* does not build here: left out"; \
		head -n 3 $(O)/bench/$*.log; }

-include $(patsubst %.c,$(O)/obj/%.d,$(BENCH_COMMON) bench/exact_fast.c $(BENCH_MAIN))
endif

# The runtime and the functions: sources by hand, one variable for each room, and their tests.
# Included by the Makefile; makes build/CONFIG/lambda/<function>.

RUNTIME_ROOM := lambda/runtime/api.c lambda/runtime/logs.c lambda/runtime/loop.c \
	lambda/runtime/main.c lambda/runtime/metrics.c lambda/runtime/process.c

# What turns the runtime's services into clients, for any function.
CLIENTS_ROOM := lambda/clients/clients.c

# The events that AWS sends, for any function.
EVENTS_MODULE := lambda/events/eventbridge.c lambda/events/fields.c lambda/events/function_url.c \
	lambda/events/function_url_response.c lambda/events/kind.c lambda/events/s3.c \
	lambda/events/s3_batch.c lambda/events/schedule.c lambda/events/sns.c lambda/events/sqs.c \
	lambda/events/sqs_batch.c

# All of the image function but its main program.
IMAGE_ROOM := lambda/handlers/image/results.c lambda/handlers/image/event.c \
	lambda/handlers/image/image.c lambda/handlers/image/keys.c lambda/handlers/image/outputs.c \
	lambda/handlers/image/reject.c lambda/handlers/image/result.c \
	lambda/handlers/image/settings.c lambda/handlers/image/transform.c \
	lambda/handlers/image/work.c
IMAGE_ROOM_MAIN := lambda/handlers/image/main.c

# A function of the tests' own on the same runtime.
TEST_FUNCTION := tests/lambda/test_function.c

# Each is a program of its own, with cmocka.
FUNCTION_UNIT_TESTS := tests/lambda/test_events_alloc.c tests/lambda/test_events_damaged.c \
	tests/lambda/test_events_s3.c tests/lambda/test_events_s3_batch.c \
	tests/lambda/test_events_schedule.c tests/lambda/test_events_sns.c \
	tests/lambda/test_events_sqs.c tests/lambda/test_events_url.c \
	tests/lambda/test_image_results.c tests/lambda/test_image_event.c tests/lambda/test_image_handle.c \
	tests/lambda/test_image_keys.c tests/lambda/test_image_settings.c tests/lambda/test_runtime_parts.c

# Run under node against a Runtime API server and the endpoints of the local cloud.
LAMBDA_TESTS += tests/lambda/test_image.mjs tests/lambda/test_image_faults.mjs \
	tests/lambda/test_image_overtaken.mjs tests/lambda/test_image_random.mjs \
	tests/lambda/test_image_rejects.mjs tests/lambda/test_runtime.mjs
LAMBDA_LONG_TESTS += tests/lambda/test_image_random_long.mjs

FUNCTION_SOURCES := $(RUNTIME_ROOM) $(CLIENTS_ROOM) $(EVENTS_MODULE) $(IMAGE_ROOM) $(IMAGE_ROOM_MAIN)
IMAGE_PROCESSOR := $(O)/lambda/image-processor
FUNCTION_UNIT_PROGRAMS := $(patsubst %.c,$(O)/%,$(FUNCTION_UNIT_TESTS))
TEST_FUNCTION_PROGRAM := $(patsubst %.c,$(O)/%,$(TEST_FUNCTION))
RUNTIME_ROOM_OBJECTS := $(call objects,$(RUNTIME_ROOM) $(CLIENTS_ROOM) $(EVENTS_MODULE))
IMAGE_ROOM_OBJECTS := $(call objects,$(IMAGE_ROOM))

# POSIX for the clocks.
$(O)/obj/lambda/%.o: ALL_CPPFLAGS += -D_POSIX_C_SOURCE=200809L

$(IMAGE_PROCESSOR): $(call objects,$(IMAGE_ROOM_MAIN)) $(IMAGE_ROOM_OBJECTS) \
		$(RUNTIME_ROOM_OBJECTS) $(SERVICES) $(STATIC)
	@mkdir -p $(@D)
	$(call quiet,LINK,$(CC) $(ALL_LDFLAGS) -o $@ $^ $(SERVICES_LIBS) $(LIBRARY_LIBS))

$(TEST_FUNCTION_PROGRAM): $(call objects,$(TEST_FUNCTION)) $(RUNTIME_ROOM_OBJECTS) $(SERVICES)
	@mkdir -p $(@D)
	$(call quiet,LINK,$(CC) $(ALL_LDFLAGS) -o $@ $^ $(SERVICES_LIBS))

$(FUNCTION_UNIT_PROGRAMS): $(O)/%: $(O)/obj/%.o $(IMAGE_ROOM_OBJECTS) $(RUNTIME_ROOM_OBJECTS) \
		$(SERVICES_SUPPORT_OBJECTS) $(SERVICES) $(STATIC)
	@mkdir -p $(@D)
	$(call quiet,LINK,$(CC) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS) $(SERVICES_LIBS) $(LIBRARY_LIBS) -lpthread)

# Its own malloc in front of ours, which fails when it is told to.
$(O)/tests/lambda/test_events_alloc: ALL_LDFLAGS += -Wl$(comma)--wrap=malloc$(comma)--wrap=calloc$(comma)--wrap=realloc$(comma)--wrap=free

# BENCH_IMAGES=photo...: those instead of the first of Debian's wallpapers. Needs root: a CPU quota.
.PHONY: lambda-cost
lambda-cost: ## what the image function costs at each memory size (root; BENCH_IMAGES=yours)
	@sh .ci/packages build test npm local package $(if $(BENCH_IMAGES),,run)
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory package ARCHES=x86_64
	@if [ -n "$$BENCH_IMAGES" ]; then eval "set -- $$BENCH_IMAGES"; \
	else set -- $$(dpkg-query -L lomiri-wallpapers-20.04 | grep -E '[.]jpg$$' | head -n 1); fi; \
	chrt -f 10 $(NODE) lambda/cost.mjs $(PACKAGE_DIR)/x86_64/build/stripped/image-processor/bootstrap "$$@"

all: $(IMAGE_PROCESSOR)
tests: $(FUNCTION_UNIT_PROGRAMS) $(TEST_FUNCTION_PROGRAM)

-include $(patsubst %.o,%.d,$(call objects,$(FUNCTION_SOURCES) $(FUNCTION_UNIT_TESTS) $(TEST_FUNCTION)))

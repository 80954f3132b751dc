# The runtime and the functions: sources by hand, one variable for each module, one line for each
# function. Included by lambda/lambda.mk; makes build/CONFIG/lambda/PROGRAM, its unit tests, and
# (package.mk) PROGRAM.zip.

RUNTIME_MODULE := lambda/runtime/age.c lambda/runtime/api.c lambda/runtime/command.c lambda/runtime/logs.c \
	lambda/runtime/loop.c lambda/runtime/main.c lambda/runtime/metrics.c \
	lambda/runtime/process.c lambda/runtime/program.c lambda/runtime/trace_document.c \
	lambda/runtime/trace_xray.c
CLIENTS_MODULE := lambda/clients/clients.c lambda/clients/database.c lambda/clients/migrate.c
EVENTS_MODULE := lambda/events/eventbridge.c lambda/events/fields.c lambda/events/function_url.c \
	lambda/events/function_url_response.c lambda/events/kind.c lambda/events/s3.c \
	lambda/events/s3_batch.c lambda/events/schedule.c lambda/events/sns.c lambda/events/sqs.c \
	lambda/events/sqs_batch.c

# Unit tests of these modules; those of a handler stand in its function's line.
LAMBDA_UNIT_TESTS := tests/lambda/test_events_alloc.c tests/lambda/test_events_damaged.c \
	tests/lambda/test_events_s3.c tests/lambda/test_events_s3_batch.c \
	tests/lambda/test_events_s3_keys.c tests/lambda/test_events_schedule.c tests/lambda/test_events_sns.c \
	tests/lambda/test_events_sqs.c tests/lambda/test_events_url.c tests/lambda/test_runtime_parts.c \
	tests/lambda/test_trace_header.c tests/lambda/test_trace_xray.c

# Run under node against a Runtime API server and the endpoints of the local cloud.
LAMBDA_TESTS += tests/lambda/test_deploy.mjs tests/lambda/test_email.mjs tests/lambda/test_email_dead_letters.mjs \
	tests/lambda/test_email_events.mjs tests/lambda/test_email_faults.mjs \
	tests/lambda/test_email_kills.mjs tests/lambda/test_email_load.mjs \
	tests/lambda/test_email_random.mjs tests/lambda/test_email_received.mjs \
	tests/lambda/test_email_time.mjs \
	tests/lambda/test_hello.mjs tests/lambda/test_image.mjs \
	tests/lambda/test_image_events.mjs tests/lambda/test_image_faults.mjs \
	tests/lambda/test_image_overtaken.mjs tests/lambda/test_image_reread.mjs tests/lambda/test_image_random.mjs \
	tests/lambda/test_image_rejects.mjs \
	tests/lambda/test_runtime.mjs tests/lambda/test_runtime_faults.mjs tests/lambda/test_settlement.mjs \
	tests/lambda/test_settlement_command.mjs tests/lambda/test_settlement_faults.mjs \
	tests/lambda/test_settlement_kills.mjs tests/lambda/test_settlement_load.mjs tests/lambda/test_settlement_queue.mjs \
	tests/lambda/test_settlement_watch.mjs \
	tests/lambda/test_store.mjs tests/lambda/test_trace.mjs \
	tests/lambda/test_webhook.mjs tests/lambda/test_webhook_faults.mjs \
	tests/lambda/test_webhook_secrets.mjs tests/lambda/test_webhook_toss.mjs
# What test_webhook_store_cut.c does in C; memory and times.
PLAIN_TESTS += tests/lambda/test_email_load.mjs tests/lambda/test_webhook_kills.mjs tests/lambda/test_webhook_load.mjs \
	tests/lambda/test_settlement_kills.mjs tests/lambda/test_settlement_load.mjs
LAMBDA_LONG_TESTS += tests/lambda/test_settlement_kills_long.mjs tests/lambda/test_email_random_long.mjs tests/lambda/test_image_random_long.mjs

# ---------------------------------------------------------------------------- the templates

LAMBDA := $(O)/lib/liblambda.a
LAMBDA_MODULES := $(RUNTIME_MODULE) $(CLIENTS_MODULE) $(EVENTS_MODULE)
FUNCTION_SOURCES := $(LAMBDA_MODULES) $(CONFINE_SOURCE)
FUNCTION_UNIT_TESTS := $(LAMBDA_UNIT_TESTS)
FUNCTIONS :=
TEST_FUNCTIONS :=

# What a function may link besides the runtime and the services: an archive, and the libraries that
# the archive needs.
LINK_imgcore = $(STATIC)
LIBS_imgcore = $(LIBRARY_LIBS)
LINK_email = $(EMAIL)
LIBS_email =
LINK_db = $(DB)
LIBS_db = $(DB_LIBS)
LINK_webhook = $(WEBHOOK)
LIBS_webhook =
LINK_settlement = $(SETTLEMENT)
LIBS_settlement =

# $(call lambda_program,PROGRAM,OBJECTS,LIBRARIES,FLAGS): the rule that links a program.
define lambda_program
$(1): $(2) $(LAMBDA) $(foreach library,$(3),$(LINK_$(library))) $(SERVICES)
	$$(call link,$$^ $(4) $$(SERVICES_LIBS) $(foreach library,$(3),$$(LIBS_$(library))))
endef

# $(call lambda_unit_test,TEST.c,OBJECTS,LIBRARIES)
define lambda_unit_test
$(call lambda_program,$(O)/$(basename $(1)),$(call objects,$(1)) $(2) $(SERVICES_SUPPORT_OBJECTS),$(3),$$(TEST_LIBS) -lpthread)
endef

# $(call function,PROGRAM,HANDLER,SOURCES,UNIT TESTS,LIBRARIES)
#   PROGRAM      the program's name, and that of its zip
#   HANDLER      its folder in lambda/handlers
#   SOURCES      the files there besides main.c, without ".c"
#   UNIT TESTS   NAME for tests/lambda/test_HANDLER_NAME.c, linked with these sources
#   LIBRARIES    of those above, if any
define function
FUNCTIONS += $(1)
FUNCTION_LIBRARIES_$(1) := $(5)
FUNCTION_SOURCES += $(patsubst %,lambda/handlers/$(2)/%.c,main $(3))
FUNCTION_UNIT_TESTS += $(patsubst %,tests/lambda/test_$(2)_%.c,$(4))
$(call lambda_program,$(O)/lambda/$(1),$(call objects,$(patsubst %,lambda/handlers/$(2)/%.c,main $(3))),$(5))
$(foreach test,$(4),
$(call lambda_unit_test,tests/lambda/test_$(2)_$(test).c,$(call objects,$(patsubst %,lambda/handlers/$(2)/%.c,$(3))),$(5)))
endef

# $(call test_function,SOURCE.c): a function of the tests' own, build/CONFIG/SOURCE. No zip.
define test_function
TEST_FUNCTIONS += $(1)
$(call lambda_program,$(O)/$(basename $(1)),$(call objects,$(1)))
endef

# POSIX for the clocks.
$(eval $(call object_flags,$(O)/obj/lambda/%.o,ALL_CPPFLAGS,-D_POSIX_C_SOURCE=200809L))

$(LAMBDA): $(call objects,$(LAMBDA_MODULES))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

$(foreach test,$(LAMBDA_UNIT_TESTS),$(eval $(call lambda_unit_test,$(test))))

# Allocations fail in these (services/services.mk).
ALLOCATING_TESTS := $(patsubst %,$(O)/tests/lambda/test_%,events_alloc email_handle image_handle settlement_alloc trace_xray)
$(ALLOCATING_TESTS): $(FAILING_MALLOC)
$(ALLOCATING_TESTS): ALL_LDFLAGS += $(WRAP_MALLOC)

# Reads up to a guard page.
$(O)/tests/lambda/test_deploy_picture: $(call objects,tests/support/guard.c)

# ---------------------------------------------------------------------------- the functions

$(eval $(call function,image-processor,image,event image keys outputs reject report result settings stages transform work,event handle keys report settings,imgcore))
$(eval $(call function,email-sender,email,address_hash commands dead_letter dead_letters dead_letters_explain dead_letters_ids dead_letters_list dead_letters_reason dead_letters_record dead_letters_resend dead_letters_target dead_letters_view dead_letters_walk email queue report ses_event ses_report settings visibility,handle ses_event settings,email))
$(eval $(call function,webhook-handler,webhook,call changes commands confirm_queue http keys keys_parse reconcile report schedule sender_internal sender_people sender_platform sender_toss senders settings toss_apply toss_key twin webhook,keys settings,webhook email db))
$(eval $(call function,settlement-report,settlement,batches check closing command_check command_report commands planned report request result settings settlement watch,alloc settings,settlement email db))
# Of a function with a database.
$(O)/tests/lambda/test_settlement_alloc: $(call objects,$(DB_TEST_SUPPORT))
$(eval $(call function,deploy-check,deploy,appspec check check_email check_image check_settlement check_webhook deploy picture settings,appspec picture settings,))

$(eval $(call test_function,tests/lambda/test_function.c))
$(eval $(call test_function,tests/lambda/test_store.c))
$(eval $(call test_function,tests/lambda/hello/hello.c))

# ----------------------------------------------------------------------------

FUNCTION_PROGRAMS := $(FUNCTIONS:%=$(O)/lambda/%)
FUNCTION_UNIT_PROGRAMS := $(patsubst %.c,$(O)/%,$(FUNCTION_UNIT_TESTS))
TEST_FUNCTION_PROGRAMS := $(patsubst %.c,$(O)/%,$(TEST_FUNCTIONS))

.PHONY: functions
functions: $(FUNCTION_PROGRAMS) ## build the functions alone
all: $(FUNCTION_PROGRAMS)
tests: $(FUNCTION_UNIT_PROGRAMS) $(TEST_FUNCTION_PROGRAMS)

# Its program is built by services/email/email.mk.
LAMBDA_TESTS += tests/lambda/test_email_record.mjs
# They send with webhook-send (services/webhook/tools/send.mk).
LAMBDA_TESTS += tests/lambda/test_webhook_kills.mjs tests/lambda/test_webhook_load.mjs \
	tests/lambda/test_webhook_random.mjs
LAMBDA_LONG_TESTS += tests/lambda/test_webhook_random_long.mjs

# BENCH_IMAGES=photo...: those instead of the first of Debian's wallpapers. Needs root: a CPU quota.
.PHONY: lambda-cost
lambda-cost: ## what the image function costs at each memory size (root; BENCH_IMAGES=yours)
	@sh .ci/packages build test npm local package $(if $(BENCH_IMAGES),,run)
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory package ARCHES=x86_64
	@if [ -n "$$BENCH_IMAGES" ]; then eval "set -- $$BENCH_IMAGES"; \
	else set -- $$(dpkg-query -L lomiri-wallpapers-20.04 | grep -E '[.]jpg$$' | head -n 1); fi; \
	chrt -f 10 $(NODE) lambda/cost.mjs $(PACKAGE_DIR)/x86_64/build/stripped/image-processor/bootstrap "$$@"

# The cost needs root. LOAD: options of lambda/email_load.mjs.
.PHONY: email-load
LOAD ?= --cost
email-load: ## 10,000 mails through the local cloud, and what 100,000 cost (root; LOAD=options)
	@sh .ci/packages build test npm local package
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory package ARCHES=x86_64
	@$(NODE) lambda/email_load.mjs $(LOAD) $(PACKAGE_DIR)/x86_64/build/stripped/email-sender/bootstrap

# The cost needs root. LOAD: options of lambda/webhook_load.mjs.
.PHONY: webhook-load
webhook-load: $(WEBHOOK_SEND) ## 8,000 webhooks through the local cloud, and what 50,000 cost (root; LOAD=options)
	@sh .ci/packages build test npm local package
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory package ARCHES=x86_64
	@BUILD=$(O) chrt -f 10 $(NODE) lambda/webhook_load.mjs $(LOAD) $(PACKAGE_DIR)/x86_64/build/stripped/webhook-handler/bootstrap

# The cost needs root. Not at a real-time priority: InnoDB's threads then spin while what writes to disk waits
# for a CPU, and a million lines do not end. LOAD: options of lambda/settlement_load.mjs.
.PHONY: settlement-load
settlement-load: ## 1,000 sellers and 1,000,000 lines through the local cloud, and what 100 sellers cost (root; LOAD=options)
	@sh .ci/packages build test npm local package
	@sh lambda/local/setup.sh
	@$(MAKE) --no-print-directory package ARCHES=x86_64
	@BUILD=$(O) nice -n -10 $(NODE) lambda/settlement_load.mjs $(LOAD) $(PACKAGE_DIR)/x86_64/build/stripped/settlement-report/bootstrap

-include $(patsubst %.o,%.d,$(call objects,$(FUNCTION_SOURCES) $(FUNCTION_UNIT_TESTS) $(TEST_FUNCTIONS)))

# Failing system calls, by strace: without a sanitizer, whose leak check does not work under a tracer.
SYSTEM_CALL_TESTS := tests/lambda/test_system_calls.mjs tests/lambda/test_system_calls_db.mjs
LAMBDA_TESTS += $(SYSTEM_CALL_TESTS)
PLAIN_TESTS += $(SYSTEM_CALL_TESTS)
LAMBDA_LONG_TESTS += $(SYSTEM_CALL_TESTS) tests/end_to_end/system_calls.mjs

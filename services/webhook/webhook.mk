# The webhooks' module: signatures, bodies, routes, the states of an order. Included at the end of services/services.mk; makes
# build/CONFIG/lib/libwebhook.a.

WEBHOOK_MODULE := services/webhook/change.c services/webhook/error.c services/webhook/event.c services/webhook/fields.c \
	services/webhook/order_state.c services/webhook/route.c services/webhook/secrets.c services/webhook/signature.c \
	services/webhook/toss.c services/webhook/toss_payment.c
# What is stored in the database, and sent to the queue of mails: needs services/db, services/email, services/aws.
WEBHOOK_MODULE += services/webhook/mail.c services/webhook/outbox.c services/webhook/payout.c services/webhook/store.c \
	services/webhook/store_decide.c services/webhook/store_rows.c services/webhook/store_save.c
# Toss's query API, the twin, the reconciliation; signing; unsubscribing.
WEBHOOK_MODULE += \
	services/webhook/reconcile.c \
	services/webhook/reconcile_compare.c \
	services/webhook/sign.c \
	services/webhook/toss_change.c \
	services/webhook/request_span.c services/webhook/toss_client.c \
	services/webhook/toss_confirmed.c \
	services/webhook/toss_transactions.c \
	services/webhook/unsubscribe.c

WEBHOOK_TESTS := tests/services/test_webhook_event.c tests/services/test_webhook_order_state.c tests/services/test_webhook_route.c \
	tests/services/test_webhook_secrets.c tests/services/test_webhook_signature.c \
	tests/services/test_webhook_toss.c
WEBHOOK_TESTS += \
	tests/services/test_webhook_sign.c \
	tests/services/test_webhook_toss_change.c \
	tests/services/test_webhook_toss_client.c \
	tests/services/test_webhook_toss_confirmed.c \
	tests/services/test_webhook_toss_transactions.c

# Those of the store have a MariaDB server.
WEBHOOK_STORE_TESTS := tests/services/test_webhook_store.c tests/services/test_webhook_store_cut.c \
	tests/services/test_webhook_store_payout.c tests/services/test_webhook_store_race.c \
	tests/services/test_webhook_store_reversal.c \
	tests/services/test_webhook_mail.c tests/services/test_webhook_outbox.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(WEBHOOK_TESTS) $(WEBHOOK_STORE_TESTS))
SERVICES_VALGRIND_TESTS += $(WEBHOOK_TESTS)
# The others take half a minute each there, and the sanitizers see them all.
SERVICES_VALGRIND_TESTS += tests/services/test_webhook_store.c tests/services/test_webhook_store_reversal.c \
	tests/services/test_webhook_mail.c
SERVICES_SOURCES += $(WEBHOOK_MODULE) $(WEBHOOK_TESTS) $(WEBHOOK_STORE_TESTS)

WEBHOOK := $(O)/lib/libwebhook.a
WEBHOOK_PROGRAMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_TESTS))
WEBHOOK_STORE_PROGRAMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_STORE_TESTS))

$(WEBHOOK): $(call objects,$(WEBHOOK_MODULE))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

# In all of them allocations can fail, and comparisons in constant time are counted.
$(WEBHOOK_PROGRAMS): $(O)/%: $(O)/obj/%.o $(WEBHOOK) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES) \
		$(FAILING_MALLOC)
	$(call link,$^ $(TEST_LIBS) $(SERVICES_LIBS) -lpthread)
$(WEBHOOK_PROGRAMS): ALL_LDFLAGS += $(WRAP_MALLOC) -Wl$(comma)--wrap=svc_equal_constant_time \
	-Wl$(comma)--wrap=svc_hmac_sha256
# LLVM's linker wraps calls inside of the file that defines the function as well.
$(WEBHOOK_PROGRAMS): LINKER :=

$(WEBHOOK_STORE_PROGRAMS): $(O)/%: $(O)/obj/%.o $(call objects,$(DB_TEST_SUPPORT)) $(WEBHOOK) $(EMAIL) \
		$(DB) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)
WEBHOOK_STORE_ALLOC_TESTS := $(O)/tests/services/test_webhook_store_cut $(O)/tests/services/test_webhook_outbox
$(WEBHOOK_STORE_ALLOC_TESTS): $(FAILING_MALLOC)
$(WEBHOOK_STORE_ALLOC_TESTS): ALL_LDFLAGS += $(WRAP_MALLOC)

all: $(WEBHOOK)
tests: $(WEBHOOK_PROGRAMS) $(WEBHOOK_STORE_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_MODULE) $(WEBHOOK_TESTS) $(WEBHOOK_STORE_TESTS)))

# With a MariaDB server as well.
WEBHOOK_TABLE_TESTS := tests/services/test_webhook_reconcile.c tests/services/test_webhook_unsubscribe.c
WEBHOOK_TABLE_PROGRAMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_TABLE_TESTS))
SERVICES_PROGRAMS += $(WEBHOOK_TABLE_PROGRAMS)
SERVICES_SOURCES += $(WEBHOOK_TABLE_TESTS)

$(WEBHOOK_TABLE_PROGRAMS): $(O)/%: $(O)/obj/%.o $(call objects,$(DB_TEST_SUPPORT)) $(WEBHOOK) $(EMAIL) $(DB) \
		$(SERVICES_SUPPORT_OBJECTS) $(SERVICES) $(FAILING_MALLOC)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)
$(WEBHOOK_TABLE_PROGRAMS): ALL_LDFLAGS += $(WRAP_MALLOC) -Wl$(comma)--wrap=svc_equal_constant_time \
	-Wl$(comma)--wrap=svc_hmac_sha256
$(WEBHOOK_TABLE_PROGRAMS): LINKER :=

tests: $(WEBHOOK_TABLE_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_TABLE_TESTS)))
include services/webhook/sql/sql.mk

# The store on the platforms of sql.mk's tests.
WEBHOOK_STORE_PLATFORMS_TEST := tests/services/test_webhook_store_platforms.c
WEBHOOK_STORE_PLATFORMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_STORE_PLATFORMS_TEST))
SERVICES_PROGRAMS += $(WEBHOOK_STORE_PLATFORMS)
SERVICES_SOURCES += $(WEBHOOK_STORE_PLATFORMS_TEST)

$(WEBHOOK_STORE_PLATFORMS): $(O)/%: $(O)/obj/%.o \
		$(call objects,$(WEBHOOK_SQL_TEST_SUPPORT) $(DB_TEST_SUPPORT)) $(WEBHOOK_SQL_INVENTED_OBJECT) $(WEBHOOK) \
		$(EMAIL) $(DB) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)
tests: $(WEBHOOK_STORE_PLATFORMS)

-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_STORE_PLATFORMS_TEST)))

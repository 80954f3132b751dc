# The webhooks' module: signatures, bodies, routes, the states of an order. Included at the end of services/services.mk; makes
# build/CONFIG/lib/libwebhook.a.

WEBHOOK_MODULE := services/webhook/error.c services/webhook/event.c services/webhook/fields.c \
	services/webhook/order_state.c services/webhook/route.c services/webhook/secrets.c services/webhook/signature.c \
	services/webhook/toss.c services/webhook/toss_payment.c

WEBHOOK_TESTS := tests/services/test_webhook_event.c tests/services/test_webhook_order_state.c tests/services/test_webhook_route.c \
	tests/services/test_webhook_secrets.c tests/services/test_webhook_signature.c \
	tests/services/test_webhook_toss.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(WEBHOOK_TESTS))
SERVICES_VALGRIND_TESTS += $(WEBHOOK_TESTS)
SERVICES_SOURCES += $(WEBHOOK_MODULE) $(WEBHOOK_TESTS)

WEBHOOK := $(O)/lib/libwebhook.a
WEBHOOK_PROGRAMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_TESTS))

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

all: $(WEBHOOK)
tests: $(WEBHOOK_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_MODULE) $(WEBHOOK_TESTS)))

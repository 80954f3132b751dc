# The webhook module, so far the states of an order. Included at the end of services/services.mk; makes
# build/CONFIG/lib/libwebhook.a.

WEBHOOK_MODULE := services/webhook/order_state.c
WEBHOOK_TESTS := tests/services/test_webhook_order_state.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(WEBHOOK_TESTS))
SERVICES_VALGRIND_TESTS += $(WEBHOOK_TESTS)
SERVICES_SOURCES += $(WEBHOOK_MODULE) $(WEBHOOK_TESTS)

WEBHOOK := $(O)/lib/libwebhook.a
WEBHOOK_PROGRAMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_TESTS))

$(WEBHOOK): $(call objects,$(WEBHOOK_MODULE))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

$(WEBHOOK_PROGRAMS): $(O)/%: $(O)/obj/%.o $(WEBHOOK) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(SERVICES_LIBS) -lpthread)

all: $(WEBHOOK)
tests: $(WEBHOOK_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_MODULE) $(WEBHOOK_TESTS)))

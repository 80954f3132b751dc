# The migrations of the webhooks' tables and of the platforms' mappings. Included at the end of
# services/webhook/webhook.mk; adds to build/CONFIG/lib/libwebhook.a. PLATFORM: services/db/db.mk.

WEBHOOK_SQL_MODULE := services/webhook/migrations.c
# With a MariaDB server.
WEBHOOK_SQL_TESTS := tests/services/test_webhook_migrate.c tests/services/test_webhook_platforms.c \
	tests/services/test_webhook_refunds.c
WEBHOOK_SQL_TEST_SUPPORT := tests/services/platforms/platform.c tests/services/platforms/platform_webhook.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(WEBHOOK_SQL_TESTS))
SERVICES_SOURCES += $(WEBHOOK_SQL_MODULE) $(WEBHOOK_SQL_TESTS) $(WEBHOOK_SQL_TEST_SUPPORT)

WEBHOOK_PLATFORMS := services/webhook/sql/platforms/camel_case services/webhook/sql/platforms/snake_case
WEBHOOK_OBJECTS := 'VIEW webhook_orders;VIEW webhook_contacts;VIEW webhook_items;PROCEDURE webhook_store_payment;PROCEDURE webhook_store_shipping'
$(eval $(call sql_module,webhook,$(WEBHOOK_OBJECTS),services/webhook/sql/migrations,$(WEBHOOK_PLATFORMS)))

WEBHOOK_SQL_OBJECT := $(O)/obj/services/webhook/generated/sql.o
WEBHOOK_SQL_INVENTED_OBJECT := $(O)/obj/services/webhook/generated/sql_invented.o
$(WEBHOOK): $(call objects,$(WEBHOOK_SQL_MODULE)) $(WEBHOOK_SQL_OBJECT)

# ---------------------------------------------------------------------------- tests

WEBHOOK_SQL_PROGRAMS := $(patsubst %.c,$(O)/%,$(WEBHOOK_SQL_TESTS))
# The object with the invented platform takes the place of the library's.
$(WEBHOOK_SQL_PROGRAMS): $(O)/%: $(O)/obj/%.o \
		$(call objects,$(WEBHOOK_SQL_TEST_SUPPORT) $(DB_TEST_SUPPORT)) $(WEBHOOK_SQL_INVENTED_OBJECT) $(WEBHOOK) \
		$(DB) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)

tests: $(WEBHOOK_SQL_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_SQL_MODULE) $(WEBHOOK_SQL_TEST_SUPPORT) $(WEBHOOK_SQL_TESTS)))

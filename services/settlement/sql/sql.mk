# The migrations of the settlement's tables and of the platforms' views. Included by
# services/settlement/settlement.mk; adds to build/CONFIG/lib/libsettlement.a. PLATFORM: services/db/db.mk.

SETTLEMENT_SQL_MODULE := services/settlement/migrations.c
SETTLEMENT_SQL_TEST_SUPPORT := tests/services/platforms/platform.c tests/services/platforms/platform_settlement.c
# With a MariaDB server.
SETTLEMENT_SQL_TESTS := tests/services/test_settlement_migrate.c tests/services/test_settlement_platforms.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(SETTLEMENT_SQL_TESTS))
SERVICES_SOURCES += $(SETTLEMENT_SQL_MODULE) $(SETTLEMENT_SQL_TESTS) $(lastword $(SETTLEMENT_SQL_TEST_SUPPORT))

SETTLEMENT_PLATFORMS := services/settlement/sql/platforms/camel_case services/settlement/sql/platforms/snake_case
SETTLEMENT_OBJECTS := 'VIEW settlement_lines;VIEW settlement_sellers;VIEW settlement_rates;VIEW settlement_payments'
$(eval $(call sql_module,settlement,$(SETTLEMENT_OBJECTS),services/settlement/sql/migrations,$(SETTLEMENT_PLATFORMS)))

SETTLEMENT_SQL_OBJECT := $(O)/obj/services/settlement/generated/sql.o
# Tests link it before the library, whose object it replaces.
SETTLEMENT_SQL_INVENTED_OBJECT := $(O)/obj/services/settlement/generated/sql_invented.o
SETTLEMENT_SQL_TEST_OBJECTS := $(call objects,$(SETTLEMENT_SQL_TEST_SUPPORT)) $(SETTLEMENT_SQL_INVENTED_OBJECT)
$(SETTLEMENT): $(call objects,$(SETTLEMENT_SQL_MODULE)) $(SETTLEMENT_SQL_OBJECT)

SETTLEMENT_SQL_PROGRAMS := $(patsubst %.c,$(O)/%,$(SETTLEMENT_SQL_TESTS))
$(SETTLEMENT_SQL_PROGRAMS): $(O)/%: $(O)/obj/%.o $(SETTLEMENT_SQL_TEST_OBJECTS) $(call objects,$(DB_TEST_SUPPORT)) \
		$(SETTLEMENT) $(DB) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)

# Both modules in one database.
$(O)/tests/services/test_settlement_migrate: $(call objects,tests/services/platforms/platform_webhook.c) \
	$(WEBHOOK_SQL_INVENTED_OBJECT) $(WEBHOOK) $(DB) $(SERVICES)

tests: $(SETTLEMENT_SQL_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(SETTLEMENT_SQL_MODULE) $(SETTLEMENT_SQL_TEST_SUPPORT) $(SETTLEMENT_SQL_TESTS)))

# The migrations of the webhooks' tables and of the platforms' mappings. Included at the end of
# services/webhook/webhook.mk; adds to build/CONFIG/lib/libwebhook.a.
#
#   PLATFORM    a folder with the mapping of one more platform, called by its last part; or NAME=FOLDER
PLATFORM ?=

WEBHOOK_SQL_MODULE := services/webhook/migrate_run.c services/webhook/migrations.c
# With a MariaDB server.
WEBHOOK_SQL_TESTS := tests/services/test_webhook_migrate.c tests/services/test_webhook_platforms.c
WEBHOOK_SQL_TEST_SUPPORT := tests/services/platforms/platform.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(WEBHOOK_SQL_TESTS))
SERVICES_SOURCES += $(WEBHOOK_SQL_MODULE) $(WEBHOOK_SQL_TESTS) $(WEBHOOK_SQL_TEST_SUPPORT)

# ---------------------------------------------------------------------------- embedding

WEBHOOK_PLATFORMS := services/webhook/sql/platforms/camel_case services/webhook/sql/platforms/snake_case
WEBHOOK_SQL_FILES := services/webhook/sql/embed.sh $(wildcard $(foreach folder,services/webhook/sql/migrations \
	$(WEBHOOK_PLATFORMS) $(lastword $(subst =, ,$(PLATFORM))),$(folder)/*.sql))
WEBHOOK_SQL := build/webhook/sql.c
# For the tests: an invented platform, of which nothing is known but its files.
WEBHOOK_SQL_INVENTED := build/webhook/sql_invented.c
INVENTED := invented=tests/services/platforms/invented/mapping

# Made again when another folder is named, or files are removed.
build/webhook/folders: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(PLATFORM) $(WEBHOOK_SQL_FILES)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(WEBHOOK_SQL): build/webhook/folders $(WEBHOOK_SQL_FILES)
	$(call quiet,SQL,sh services/webhook/sql/embed.sh $@ services/webhook/sql/migrations \
		$(WEBHOOK_PLATFORMS) $(PLATFORM))
$(WEBHOOK_SQL_INVENTED): build/webhook/folders $(WEBHOOK_SQL_FILES) \
		$(wildcard tests/services/platforms/invented/mapping/*.sql)
	$(call quiet,SQL,sh services/webhook/sql/embed.sh $@ services/webhook/sql/migrations \
		$(WEBHOOK_PLATFORMS) $(INVENTED))

WEBHOOK_SQL_OBJECT := $(O)/obj/services/webhook/generated/sql.o
WEBHOOK_SQL_INVENTED_OBJECT := $(O)/obj/services/webhook/generated/sql_invented.o
$(O)/obj/services/webhook/generated/%.o: build/webhook/%.c services/webhook/migrations.h services/db/migrate.h \
		$(O)/flags | $(O)/libraries
	@mkdir -p $(@D)
	$(call quiet,CC,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<)

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

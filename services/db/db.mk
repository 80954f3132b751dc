# The database module. Included at the end of services/services.mk; makes build/CONFIG/lib/libdb.a.

DB_MODULE := services/db/bind.c services/db/connect.c services/db/embedded.c services/db/error.c \
	services/db/literal.c services/db/migrate.c services/db/migrate_run.c services/db/secret.c services/db/session.c \
	services/db/statement.c services/db/trace.c services/db/transaction.c \
	services/db/value.c

# Linked into the tests.
DB_TEST_SUPPORT := tests/services/db_support.c

DB_TESTS := tests/services/test_db_alloc.c tests/services/test_db_connect.c \
	tests/services/test_db_hostile.c tests/services/test_db_migrate.c \
	tests/services/test_db_statement.c tests/services/test_db_trace.c tests/services/test_db_transaction.c tests/services/test_db_types.c \
	tests/services/test_db_value.c

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(DB_TESTS))
# The others take long there, and the sanitizers see them all.
SERVICES_VALGRIND_TESTS += tests/services/test_db_alloc.c tests/services/test_db_hostile.c \
	tests/services/test_db_statement.c
SERVICES_SOURCES += $(DB_MODULE) $(DB_TEST_SUPPORT) $(DB_TESTS)

LIBRARY_VERSIONS += libmariadb 3.3
DB_CFLAGS := $(shell $(PKG_CONFIG) --cflags libmariadb 2>/dev/null)
DB_LIBS := $(shell $(PKG_CONFIG) --libs libmariadb 2>/dev/null) -lm

$(eval $(call object_flags,$(O)/obj/services/db/%.o,ALL_CPPFLAGS,-D_POSIX_C_SOURCE=200809L $(DB_CFLAGS)))

DB := $(O)/lib/libdb.a
DB_PROGRAMS := $(patsubst %.c,$(O)/%,$(DB_TESTS))

$(DB): $(call objects,$(DB_MODULE))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

$(DB_PROGRAMS): $(O)/%: $(O)/obj/%.o $(call objects,$(DB_TEST_SUPPORT)) $(DB) \
		$(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)

$(O)/tests/services/test_db_alloc: $(FAILING_MALLOC)
$(O)/tests/services/test_db_alloc: ALL_LDFLAGS += $(WRAP_MALLOC)

all: $(DB)
tests: $(DB_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(DB_MODULE) $(DB_TEST_SUPPORT) $(DB_TESTS)))

# ---------------------------------------------------------------------------- embedded SQL

# Of each module that has tables and mappings of platforms (its sql.mk).
#   PLATFORM    a folder with the mappings of one more platform, called by its last part; or NAME=FOLDER
PLATFORM ?=

# For the tests: an invented platform, of which nothing is known but its files.
INVENTED := invented=tests/services/platforms/invented/mapping
INVENTED_FILES := $(wildcard tests/services/platforms/invented/mapping/*.sql)

# $(call sql_files,OWN FOLDER,FOLDERS OF PLATFORMS)
sql_files = services/db/embed.sh $(wildcard $(foreach folder,$(1) $(2) $(lastword $(subst =, ,$(PLATFORM))),$(folder)/*.sql))

# $(call sql_module,MODULE,OBJECTS,OWN FOLDER,FOLDERS OF PLATFORMS): rules for build/MODULE/sql.c and, with the
# invented platform, sql_invented.c. Made again when another folder is named, or files are removed.
define sql_module
build/$(1)/folders: FORCE
	@mkdir -p $$(@D)
	@new=$$@.$$$$$$$$; printf '%s\n' '$$(PLATFORM) $(call sql_files,$(3),$(4))' >$$$$new; \
		if cmp -s $$$$new $$@; then rm $$$$new; else mv $$$$new $$@; fi

build/$(1)/sql.c: build/$(1)/folders $(call sql_files,$(3),$(4))
	$$(call quiet,SQL,sh services/db/embed.sh $$@ $(1) $(2) $(3) $(4) $$(PLATFORM))
build/$(1)/sql_invented.c: build/$(1)/folders $(call sql_files,$(3),$(4)) $(INVENTED_FILES)
	$$(call quiet,SQL,sh services/db/embed.sh $$@ $(1) $(2) $(3) $(4) $(INVENTED))

$(O)/obj/services/$(1)/generated/%.o: build/$(1)/%.c services/db/embedded.h services/db/migrate.h $(O)/flags | $(O)/libraries
	@mkdir -p $$(@D)
	$$(call quiet,CC,$$(CC) $$(ALL_CPPFLAGS) $$(ALL_CFLAGS) $$(HARDEN_MACHINE) -c -o $$@ $$<)
endef

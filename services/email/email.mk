# The mailer's module: messages, templates, rendering. Included at the end of
# services/services.mk; makes build/CONFIG/lib/libemail.a and build/CONFIG/bin/mail-render.
#
#   TEMPLATES   a folder with templates or partials that replace those of services/email/templates
.PHONY: mail-preview
TEMPLATES ?=

EMAIL_MODULE := services/email/address.c services/email/clean.c services/email/cli_check.c services/email/cli_render.c \
	services/email/deliver.c services/email/deliver_letter.c services/email/deliver_outcome.c \
	services/email/digest.c services/email/domain.c services/email/error.c services/email/escape.c \
	services/email/format.c services/email/json_schema.c services/email/message.c services/email/mime.c \
	services/email/mustache_render.c services/email/producer.c services/email/punycode.c \
	services/email/rate.c services/email/record.c services/email/render.c services/email/schema.c \
	services/email/unsubscribe.c services/email/url.c services/email/value.c services/email/view.c

# Linked into the template compiler and the tests alone.
EMAIL_COMPILER_MODULE := services/email/mustache_parse.c services/email/template_check.c \
	services/email/template_context.c
EMAIL_TOOLS := services/email/tools/compile_templates.c services/email/tools/mail_render.c

# Programs with cmocka, and scripts that look at mails with other people's parsers.
EMAIL_TESTS := tests/services/test_email_address.c tests/services/test_email_alloc.c \
	tests/services/test_email_deliver.c tests/services/test_email_deliver_alloc.c \
	tests/services/test_email_killed.c tests/services/test_email_message.c \
	tests/services/test_email_mustache.c \
	tests/services/test_email_outcomes.c tests/services/test_email_producer.c \
	tests/services/test_email_rate.c \
	tests/services/test_email_record.c tests/services/test_email_render.c \
	tests/services/test_email_templates.c
EMAIL_SCRIPTS := tests/email/hostile.py tests/email/mime.py tests/email/schema.py \
	tests/email/templates.py

# A program for tests/lambda/test_email_record.mjs: the local cloud's DynamoDB evaluates the record's
# conditions.
EMAIL_RECORD_PROGRAM := tests/lambda/test_email_record.c

# Run by "make test", read by "make lint".
SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(EMAIL_TESTS))
# Not those with many processes and with peers that hang: test_email_deliver and test_email_deliver_alloc
# take the same paths.
SERVICES_VALGRIND_TESTS += $(filter-out %_killed.c %_outcomes.c,$(EMAIL_TESTS))
END_TO_END += $(EMAIL_SCRIPTS)
# Python takes most of their time; what they render, the fuzz target of mails renders with sanitizers.
PLAIN_TESTS += tests/email/hostile.py tests/email/mime.py tests/email/templates.py
SERVICES_SOURCES += $(EMAIL_MODULE) $(EMAIL_COMPILER_MODULE) $(EMAIL_TOOLS) $(EMAIL_TESTS) \
	$(EMAIL_RECORD_PROGRAM)

# ---------------------------------------------------------------------------- templates

# The compiler runs on the building machine, whatever machine the programs are for; what it makes is
# the same for every configuration.
HOSTCC ?= cc
HOST_PKG_CONFIG ?= pkg-config
EMAIL_GENERATED := build/email/templates.c
EMAIL_COMPILER := build/email/compile_templates
EMAIL_COMPILER_SOURCES := services/email/tools/compile_templates.c $(EMAIL_COMPILER_MODULE) \
	services/email/escape.c services/email/format.c services/email/schema.c \
	services/email/view.c services/base/buf.c services/base/clock.c services/base/crypto.c \
	services/base/status.c services/base/text.c
EMAIL_TEMPLATE_FILES := $(wildcard $(foreach folder,services/email/templates $(TEMPLATES), \
	$(folder)/*.html $(folder)/*.txt $(folder)/partials/*.html $(folder)/partials/*.txt))

$(EMAIL_COMPILER): $(EMAIL_COMPILER_SOURCES) $(wildcard services/email/*.h services/base/*.h)
	@mkdir -p $(@D)
	$(call quiet,HOST,$(HOSTCC) -std=c11 -O1 -ffunction-sections -Wl$(comma)--gc-sections -I. \
		-D_POSIX_C_SOURCE=200809L \
		$$($(HOST_PKG_CONFIG) --cflags libcrypto) -o $@ $(EMAIL_COMPILER_SOURCES) \
		$$($(HOST_PKG_CONFIG) --libs libcrypto))

# Made again when another folder is named, or files are removed.
build/email/folders: FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$; printf '%s\n' '$(TEMPLATES) $(EMAIL_TEMPLATE_FILES)' >$$new; \
		if cmp -s $$new $@; then rm $$new; else mv $$new $@; fi

$(EMAIL_GENERATED): $(EMAIL_COMPILER) build/email/folders $(EMAIL_TEMPLATE_FILES)
	$(call quiet,MAIL,$(EMAIL_COMPILER) $@ services/email/templates $(TEMPLATES))

EMAIL_GENERATED_OBJECT := $(O)/obj/services/email/generated/templates.o
$(EMAIL_GENERATED_OBJECT): $(EMAIL_GENERATED) services/email/templates.h services/email/mustache.h \
		$(O)/flags | $(O)/libraries
	@mkdir -p $(@D)
	$(call quiet,CC,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(HARDEN_MACHINE) -c -o $@ $<)

# ---------------------------------------------------------------------------- programs

EMAIL := $(O)/lib/libemail.a
EMAIL_PROGRAMS := $(patsubst %.c,$(O)/%,$(EMAIL_TESTS))
MAIL_RENDER := $(O)/bin/mail-render

$(EMAIL): $(call objects,$(EMAIL_MODULE)) $(EMAIL_GENERATED_OBJECT)
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

$(MAIL_RENDER): $(call objects,services/email/tools/mail_render.c) $(EMAIL) $(SERVICES)
	$(call link,$^ $(SERVICES_LIBS))

$(EMAIL_PROGRAMS): $(O)/%: $(O)/obj/%.o $(call objects,$(EMAIL_COMPILER_MODULE)) $(EMAIL) \
		$(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(SERVICES_LIBS) -lpthread)

EMAIL_ALLOC_TESTS := $(O)/tests/services/test_email_alloc $(O)/tests/services/test_email_deliver_alloc
$(EMAIL_ALLOC_TESTS): $(FAILING_MALLOC)
$(EMAIL_ALLOC_TESTS): ALL_LDFLAGS += $(WRAP_MALLOC)

$(O)/tests/lambda/test_email_record: $(call objects,$(EMAIL_RECORD_PROGRAM)) $(EMAIL) $(SERVICES)
	$(call link,$^ $(SERVICES_LIBS))

# ---------------------------------------------------------------------------- by hand

mail-preview: ## every mail in both languages as pages to look at, in out/mail-preview (TEMPLATES=)
	@sh .ci/packages build
	@$(MAKE) --no-print-directory $(MAIL_RENDER)
	@$(PYTHON) services/email/tools/preview.py $(MAIL_RENDER) services/email/samples "$(OUT)/mail-preview"

all: $(MAIL_RENDER)
tests: $(EMAIL_PROGRAMS) $(O)/tests/lambda/test_email_record

-include $(patsubst %.o,%.d,$(call objects,$(EMAIL_MODULE) $(EMAIL_COMPILER_MODULE) $(EMAIL_TOOLS) \
	$(EMAIL_TESTS) $(EMAIL_RECORD_PROGRAM)))

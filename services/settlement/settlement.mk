# The settlement's module. Included at the end of services/services.mk; makes
# build/CONFIG/lib/libsettlement.a. One variable for each group of files.

.PHONY: settlement-libreoffice

# Arithmetic: won, rates, lines, sums.
SETTLEMENT_MONEY := services/settlement/amounts.c services/settlement/compute.c services/settlement/error.c \
	services/settlement/line.c services/settlement/money.c services/settlement/rate.c \
	services/settlement/rules.c services/settlement/totals.c
SETTLEMENT_MONEY_TESTS := tests/services/test_settlement_line.c tests/services/test_settlement_line_oracle.c \
	tests/services/test_settlement_money.c tests/services/test_settlement_rate.c \
	tests/services/test_settlement_totals.c

# Periods, the event, names of objects, CSV and HTML.
SETTLEMENT_REPORT := services/settlement/csv.c services/settlement/html.c services/settlement/html_chart.c \
	services/settlement/html_controls.c services/settlement/html_page.c services/settlement/html_style.c services/settlement/html_summary.c \
	services/settlement/html_tables.c services/settlement/html_write.c services/settlement/json.c \
	services/settlement/labels.c \
	services/settlement/object_key.c services/settlement/period.c services/settlement/period_text.c \
	services/settlement/request.c
SETTLEMENT_REPORT_TESTS := tests/services/test_settlement_csv.c tests/services/test_settlement_html.c \
	tests/services/test_settlement_period.c tests/services/test_settlement_replay.c \
	tests/services/test_settlement_request.c
# Writes a report of lines in JSON, for the scripts that read it with other people's parsers.
SETTLEMENT_WRITER := tests/settlement/write_report.c
SETTLEMENT_SCRIPTS := tests/settlement/csv_report.py tests/settlement/html_report.py \
	tests/settlement/json_report.py tests/settlement/oracle_test.py
# Prints the totals of a database's sellers, for a script that computes them from its tables.
SETTLEMENT_TOTALS := tests/settlement/read_totals.c

# What reads the platform: sellers, rates, lines, the reconciliation check. Tests with a MariaDB server.
SETTLEMENT_READER := services/settlement/check.c services/settlement/orders.c services/settlement/reader.c \
	services/settlement/replay.c services/settlement/rows.c services/settlement/seller.c
SETTLEMENT_READER_TESTS := tests/services/test_settlement_check.c tests/services/test_settlement_reader.c

# The run ledger. Tests with a MariaDB server.
SETTLEMENT_LEDGER := services/settlement/ledger_claim.c services/settlement/ledger_close.c \
	services/settlement/ledger_debt.c services/settlement/ledger_find.c services/settlement/ledger_plan.c \
	services/settlement/ledger_report.c \
	services/settlement/ledger_run.c services/settlement/ledger_version.c
SETTLEMENT_LEDGER_TESTS := tests/services/test_settlement_ledger.c tests/services/test_settlement_ledger_cut.c \
	tests/services/test_settlement_ledger_plan.c tests/services/test_settlement_ledger_race.c \
	tests/services/test_settlement_ledger_random.c tests/services/test_settlement_ledger_scale.c

# Reports as files, their objects, links and mails. Tests with a MariaDB server and an S3 endpoint.
SETTLEMENT_OUTPUT := services/settlement/link.c services/settlement/mail.c services/settlement/publish.c \
	services/settlement/publish_keep.c services/settlement/publish_object.c services/settlement/report.c \
	services/settlement/report_text.c services/settlement/spool.c
SETTLEMENT_OUTPUT_TESTS := tests/services/test_settlement_publish.c \
	tests/services/test_settlement_publish_breaks.c tests/services/test_settlement_summary.c
# Without a server.
SETTLEMENT_FILE_TESTS := tests/services/test_settlement_mail.c tests/services/test_settlement_report.c

# Sellers, batches and summaries of a run, on all of the above.
SETTLEMENT_RUN := services/settlement/batch.c services/settlement/figures.c services/settlement/seller_run.c \
	services/settlement/summary.c

SETTLEMENT_MODULE := $(SETTLEMENT_MONEY) $(SETTLEMENT_REPORT) $(SETTLEMENT_READER) $(SETTLEMENT_LEDGER) \
	$(SETTLEMENT_OUTPUT) $(SETTLEMENT_RUN)
SETTLEMENT_TESTS := $(SETTLEMENT_MONEY_TESTS) $(SETTLEMENT_REPORT_TESTS) $(SETTLEMENT_FILE_TESTS)
# With servers: not under valgrind.
SETTLEMENT_SERVER_TESTS := $(SETTLEMENT_READER_TESTS) $(SETTLEMENT_LEDGER_TESTS) $(SETTLEMENT_OUTPUT_TESTS)
END_TO_END += $(SETTLEMENT_SCRIPTS)
# Of 20,000 orders in test-long.
LAMBDA_LONG_TESTS += tests/settlement/oracle_test.py
# Python takes most of their time.
PLAIN_TESTS += $(SETTLEMENT_SCRIPTS)
SERVICES_SOURCES += $(SETTLEMENT_WRITER) $(SETTLEMENT_TOTALS)

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(SETTLEMENT_TESTS))
# Not every day of 131 years: it takes 10 s there, and periods allocate nothing.
SERVICES_VALGRIND_TESTS += $(filter-out %_settlement_period.c,$(SETTLEMENT_TESTS))
SERVICES_SOURCES += $(SETTLEMENT_MODULE) $(SETTLEMENT_TESTS)

SETTLEMENT := $(O)/lib/libsettlement.a
SETTLEMENT_PROGRAMS := $(patsubst %.c,$(O)/%,$(SETTLEMENT_TESTS))

$(SETTLEMENT): $(call objects,$(SETTLEMENT_MODULE))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

# In all of them allocations can fail.
$(SETTLEMENT_PROGRAMS): $(O)/%: $(O)/obj/%.o $(SETTLEMENT) $(EMAIL) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES) \
		$(FAILING_MALLOC)
	$(call link,$^ $(TEST_LIBS) $(SERVICES_LIBS) -lpthread)
$(SETTLEMENT_PROGRAMS): ALL_LDFLAGS += $(WRAP_MALLOC)

$(O)/tests/settlement/write_report: $(call objects,$(SETTLEMENT_WRITER)) $(SETTLEMENT) $(EMAIL) $(SERVICES)
	$(call link,$^ $(SERVICES_LIBS))

$(O)/tests/settlement/read_totals: $(call objects,$(SETTLEMENT_TOTALS)) $(SETTLEMENT) $(EMAIL) $(DB) $(SERVICES)
	$(call link,$^ $(DB_LIBS) $(SERVICES_LIBS))

settlement-libreoffice: ## the CSV of a report opened in LibreOffice, which must be installed
	@$(MAKE) --no-print-directory $(O)/tests/settlement/write_report
	@BUILD=$(O) $(PYTHON) tests/settlement/libreoffice.py

all: $(SETTLEMENT)
tests: $(SETTLEMENT_PROGRAMS) $(O)/tests/settlement/write_report $(O)/tests/settlement/read_totals

include services/settlement/sql/sql.mk

# ---------------------------------------------------------------------------- with servers

SERVICES_PROGRAMS += $(patsubst %.c,$(O)/%,$(SETTLEMENT_SERVER_TESTS))
SERVICES_SOURCES += $(SETTLEMENT_SERVER_TESTS)
SETTLEMENT_SERVER_PROGRAMS := $(patsubst %.c,$(O)/%,$(SETTLEMENT_SERVER_TESTS))
# AWS_TEST_SUPPORT, DB_TEST_SUPPORT and the platforms' fixtures: services.mk, db.mk, sql.mk.
$(SETTLEMENT_SERVER_PROGRAMS): $(O)/%: $(O)/obj/%.o $(SETTLEMENT_SQL_TEST_OBJECTS) $(call objects,$(DB_TEST_SUPPORT)) \
		$(SETTLEMENT) $(EMAIL) $(DB) $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(DB_LIBS) $(SERVICES_LIBS) -lpthread)
tests: $(SETTLEMENT_SERVER_PROGRAMS)

-include $(patsubst %.o,%.d,$(call objects,$(SETTLEMENT_SERVER_TESTS) $(SETTLEMENT_MODULE) $(SETTLEMENT_TESTS) $(SETTLEMENT_WRITER) $(SETTLEMENT_TOTALS)))

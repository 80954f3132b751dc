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
	services/settlement/html_page.c services/settlement/html_style.c services/settlement/html_summary.c \
	services/settlement/html_tables.c services/settlement/html_write.c services/settlement/labels.c \
	services/settlement/object_key.c services/settlement/period.c services/settlement/period_text.c \
	services/settlement/request.c
SETTLEMENT_REPORT_TESTS := tests/services/test_settlement_csv.c tests/services/test_settlement_html.c \
	tests/services/test_settlement_period.c tests/services/test_settlement_request.c
# Writes a report of lines in JSON, for the scripts that read it with other people's parsers.
SETTLEMENT_WRITER := tests/settlement/write_report.c
SETTLEMENT_SCRIPTS := tests/settlement/csv_report.py tests/settlement/html_report.py

SETTLEMENT_MODULE := $(SETTLEMENT_MONEY) $(SETTLEMENT_REPORT)
SETTLEMENT_TESTS := $(SETTLEMENT_MONEY_TESTS) $(SETTLEMENT_REPORT_TESTS)
END_TO_END += $(SETTLEMENT_SCRIPTS)
# Python takes most of their time.
PLAIN_TESTS += $(SETTLEMENT_SCRIPTS)
SERVICES_SOURCES += $(SETTLEMENT_WRITER)

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

settlement-libreoffice: ## the CSV of a report opened in LibreOffice, which must be installed
	@$(MAKE) --no-print-directory $(O)/tests/settlement/write_report
	@BUILD=$(O) $(PYTHON) tests/settlement/libreoffice.py

all: $(SETTLEMENT)
tests: $(SETTLEMENT_PROGRAMS) $(O)/tests/settlement/write_report

-include $(patsubst %.o,%.d,$(call objects,$(SETTLEMENT_MODULE) $(SETTLEMENT_TESTS) $(SETTLEMENT_WRITER)))

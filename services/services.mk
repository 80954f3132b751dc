# The services: their sources, one variable for each module, sorted, one file in a line; and their
# tests. Included by the Makefile after its variables are set; makes build/CONFIG/lib/libservices.a.

SERVICES_BASE := \
	services/base/buf.c \
	services/base/certificate.c \
	services/base/chars.c \
	services/base/clock.c \
	services/base/crc.c \
	services/base/crypto.c \
	services/base/environment.c \
	services/base/file.c \
	services/base/http.c \
	services/base/http_exchange.c \
	services/base/http_headers.c \
	services/base/http_sockets.c \
	services/base/json.c \
	services/base/json_scan.c \
	services/base/json_write.c \
	services/base/log.c \
	services/base/partition.c \
	services/base/random.c \
	services/base/settings.c \
	services/base/status.c \
	services/base/text.c \
	services/base/trace.c \
	services/base/url.c \
	services/base/wiped_memory.c

SERVICES_AWS := \
	services/aws/call.c \
	services/aws/call_retry.c \
	services/aws/call_trace.c \
	services/aws/client.c \
	services/aws/codedeploy.c \
	services/aws/credentials.c \
	services/aws/dynamodb.c \
	services/aws/dynamodb_value.c \
	services/aws/endpoint.c \
	services/aws/error.c \
	services/aws/json_call.c \
	services/aws/lambda.c \
	services/aws/number.c \
	services/aws/profile.c \
	services/aws/responses.c \
	services/aws/retry.c \
	services/aws/s3_call.c \
	services/aws/s3_delete.c \
	services/aws/s3_denied.c \
	services/aws/s3_get.c \
	services/aws/s3_head.c \
	services/aws/s3_list.c \
	services/aws/s3_put.c \
	services/aws/s3_tags.c \
	services/aws/s3_upload.c \
	services/aws/secrets.c \
	services/aws/service.c \
	services/aws/ses.c \
	services/aws/ses_check.c \
	services/aws/sigv4.c \
	services/aws/sqs.c \
	services/aws/sqs_batch.c \
	services/aws/sqs_message.c \
	services/aws/xml.c

SERVICES_SOURCES := $(SERVICES_BASE) $(SERVICES_AWS)

# Linked into every test program of the services.
SERVICES_TEST_SUPPORT := tests/services/aws_support.c tests/services/support.c

# Each is a program of its own, with cmocka; those that need a server start it themselves.
SERVICES_TESTS := \
	tests/services/test_alloc.c \
	tests/services/test_base.c \
	tests/services/test_call.c \
	tests/services/test_certificate.c \
	tests/services/test_codedeploy.c \
	tests/services/test_denied.c \
	tests/services/test_dynamodb.c \
	tests/services/test_dynamodb_refusals.c \
	tests/services/test_faults.c \
	tests/services/test_file.c \
	tests/services/test_http.c \
	tests/services/test_json.c \
	tests/services/test_lambda.c \
	tests/services/test_read_faults.c \
	tests/services/test_responses.c \
	tests/services/test_resume.c \
	tests/services/test_retry.c \
	tests/services/test_rewind.c \
	tests/services/test_s3.c \
	tests/services/test_s3_list.c \
	tests/services/test_s3_write.c \
	tests/services/test_secrets.c \
	tests/services/test_ses.c \
	tests/services/test_setting_readers.c \
	tests/services/test_setting_texts.c \
	tests/services/test_settings.c \
	tests/services/test_signing_faults.c \
	tests/services/test_sigv4.c \
	tests/services/test_sqs.c \
	tests/services/test_trace.c \
	tests/services/test_unrepeatable.c \
	tests/services/test_wiped.c
# Under valgrind as well; servers, and keys that are made, take long there, and ASan sees them all.
SERVICES_VALGRIND_TESTS := $(filter-out %_certificate.c %_dynamodb.c %_faults.c %_s3_write.c %_sqs.c %_wiped.c,$(SERVICES_TESTS))

SERVICES := $(O)/lib/libservices.a
SERVICES_PROGRAMS := $(patsubst %.c,$(O)/%,$(SERVICES_TESTS))
SERVICES_OBJECTS := $(call objects,$(SERVICES_SOURCES))
SERVICES_SUPPORT_OBJECTS := $(call objects,$(SERVICES_TEST_SUPPORT))
FAILING_MALLOC_SOURCE := tests/support/failing_malloc.c
FAILING_MALLOC := $(call objects,$(FAILING_MALLOC_SOURCE))
MEMORY_COPIES_SOURCE := tests/support/memory_copies.c
MEMORY_COPIES := $(call objects,$(MEMORY_COPIES_SOURCE))
WRAP_MALLOC := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc free)

SERVICES_LIBRARIES := libcurl libssl libcrypto json-c
# The oldest version of each that is known to work.
LIBRARY_VERSIONS += libcurl 7.87 libcrypto 3.0 json-c 0.16
SERVICES_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(SERVICES_LIBRARIES) 2>/dev/null)
SERVICES_LIBS := $(shell $(PKG_CONFIG) --libs $(SERVICES_LIBRARIES) 2>/dev/null)

# Clocks, files and sockets are POSIX.
$(eval $(call object_flags,$(O)/obj/services/%.o,ALL_CPPFLAGS,-D_POSIX_C_SOURCE=200809L $(SERVICES_CFLAGS)))
$(eval $(call object_flags,$(O)/obj/tests/services/%.o,ALL_CPPFLAGS,$(SERVICES_CFLAGS)))

$(SERVICES): $(SERVICES_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR,$(AR) rcs $@ $^)

$(SERVICES_PROGRAMS): $(O)/%: $(O)/obj/%.o $(SERVICES_SUPPORT_OBJECTS) $(SERVICES)
	$(call link,$^ $(TEST_LIBS) $(SERVICES_LIBS) -lpthread)

# For tests in which allocations fail: add FAILING_MALLOC to a program's prerequisites and WRAP_MALLOC
# to its ALL_LDFLAGS.
$(O)/tests/services/test_alloc $(O)/tests/services/test_trace: $(FAILING_MALLOC)
$(O)/tests/services/test_trace: ALL_LDFLAGS += $(WRAP_MALLOC)
# It looks at lists of headers as well when they are freed.
$(O)/tests/services/test_alloc: ALL_LDFLAGS += $(WRAP_MALLOC) -Wl$(comma)--wrap=curl_slist_free_all

# They look for copies of a secret. As in the functions, every symbol is bound at the start: to bind one
# later, the dynamic linker saves the vector registers on the stack, with what memcpy has left there.
$(O)/tests/services/test_wiped $(O)/tests/services/test_db_hostile: $(MEMORY_COPIES)
$(O)/tests/services/test_wiped $(O)/tests/services/test_db_hostile: ALL_LDFLAGS += -Wl$(comma)-z$(comma)now

all: $(SERVICES)
tests: $(SERVICES_PROGRAMS)

-include $(patsubst %.o,%.d,$(SERVICES_OBJECTS) $(SERVICES_SUPPORT_OBJECTS) $(FAILING_MALLOC) $(MEMORY_COPIES) \
	$(call objects,$(SERVICES_TESTS)))

include services/email/email.mk
include services/db/db.mk
include services/webhook/webhook.mk
include services/settlement/settlement.mk
include services/webhook/tools/send.mk

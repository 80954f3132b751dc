# webhook-send: signs events as their senders do, and sends them. Included after webhook.mk; makes
# build/CONFIG/bin/webhook-send.

WEBHOOK_SEND_SOURCES := $(patsubst %,services/webhook/tools/%.c,send_event send_replay send_secrets send_source send_stats \
	webhook_send)
WEBHOOK_SEND := $(O)/bin/webhook-send
SERVICES_SOURCES += $(WEBHOOK_SEND_SOURCES)
END_TO_END += tests/webhook/send.py

$(WEBHOOK_SEND): $(call objects,$(WEBHOOK_SEND_SOURCES)) $(WEBHOOK) $(SERVICES)
	$(call link,$^ $(SERVICES_LIBS))

all: $(WEBHOOK_SEND)
-include $(patsubst %.o,%.d,$(call objects,$(WEBHOOK_SEND_SOURCES)))

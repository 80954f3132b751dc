/* The events that AWS documents, for the tests of lambda/events. A single quote stands for a double
 * one, so that they can be read; example_parse puts it back. The file includes cmocka.h first. */
#ifndef TESTS_EVENT_EXAMPLES_H
#define TESTS_EVENT_EXAMPLES_H

#include <stdlib.h>
#include <string.h>

#include "services/base/json.h"

/* S3 user guide, "Event message structure". */
#define EXAMPLE_S3_RECORD(key)                                                                     \
    "{'eventVersion':'2.1','eventSource':'aws:s3','awsRegion':'us-west-2',"                        \
    "'eventTime':'1970-01-01T00:00:00.000Z','eventName':'ObjectCreated:Put',"                      \
    "'userIdentity':{'principalId':'AIDAJDPLRKLG7UEXAMPLE'},"                                      \
    "'requestParameters':{'sourceIPAddress':'172.16.0.1'},"                                        \
    "'responseElements':{'x-amz-request-id':'C3D13FE58DE4C810',"                                   \
    "'x-amz-id-2':'FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD'},"            \
    "'s3':{'s3SchemaVersion':'1.0','configurationId':'testConfigRule',"                            \
    "'bucket':{'name':'amzn-s3-demo-bucket','ownerIdentity':{'principalId':'A3NL1KOZZKExample'},"  \
    "'arn':'arn:aws:s3:::amzn-s3-demo-bucket'},"                                                   \
    "'object':{'key':'" key "','size':1024,'eTag':'d41d8cd98f00b204e9800998ecf8427e',"             \
    "'versionId':'096fKKXTRTtl3on89fVO.nfljtsv6qko','sequencer':'0055AED6DCD90281E5'}}}"
#define EXAMPLE_S3 "{'Records':[" EXAMPLE_S3_RECORD("Happy+Face%21.jpg") "]}"
#define EXAMPLE_S3_TEST                                                                            \
    "{'Service':'Amazon S3','Event':'s3:TestEvent','Time':'2014-10-13T15:57:02.089Z',"             \
    "'Bucket':'amzn-s3-demo-bucket','RequestId':'5582815E1AEA5ADF','HostId':'8cLeGAmw098X5cv4Zk'}"

/* S3 user guide, "EventBridge event message structure". */
#define EXAMPLE_S3_EVENTBRIDGE                                                                     \
    "{'version':'0','id':'17793124-05d4-b198-2fde-7ededc63b103','detail-type':'Object Created',"   \
    "'source':'aws.s3','account':'111122223333','time':'2021-11-12T00:00:00Z',"                    \
    "'region':'ca-central-1','resources':['arn:aws:s3:::amzn-s3-demo-bucket1'],"                   \
    "'detail':{'version':'0','bucket':{'name':'amzn-s3-demo-bucket1'},"                            \
    "'object':{'key':'example+key %21','size':5,'etag':'b1946ac92492d2347c6235b4d2611184',"        \
    "'version-id':'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e','sequencer':'617f08299329d189'},"             \
    "'request-id':'N4N7GDK58NMKJ12R','requester':'123456789012',"                                  \
    "'source-ip-address':'1.2.3.4','reason':'PutObject'}}"

/* S3 user guide, "Invoke AWS Lambda function". */
#define EXAMPLE_S3_BATCH_1                                                                         \
    "{'invocationSchemaVersion':'1.0',"                                                            \
    "'invocationId':'YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo',"                        \
    "'job':{'id':'f3cc4f60-61f6-4a2b-8a21-d07600c373ce'},"                                         \
    "'tasks':[{'taskId':'dGFza2lkZ29lc2hlcmUK','s3Key':'customer+Image1.jpg','s3VersionId':'1',"   \
    "'s3BucketArn':'arn:aws:s3:::amzn-s3-demo-bucket1'}]}"
#define EXAMPLE_S3_BATCH_2                                                                         \
    "{'invocationSchemaVersion':'2.0',"                                                            \
    "'invocationId':'YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo',"                        \
    "'job':{'id':'f3cc4f60-61f6-4a2b-8a21-d07600c373ce','userArguments':{'k1':'v1','k2':'v2'}},"   \
    "'tasks':[{'taskId':'dGFza2lkZ29lc2hlcmUK','s3Key':'customerImage1.jpg','s3VersionId':null,"   \
    "'s3Bucket':'amzn-s3-demo-bucket1'}]}"

/* Lambda guide, "Using AWS Lambda with Amazon SNS"; the message is put in by the tests. */
#define EXAMPLE_SNS(message)                                                                       \
    "{'Records':[{'EventVersion':'1.0',"                                                           \
    "'EventSubscriptionArn':'arn:aws:sns:us-east-1:123456789012:sns-lambda:21be56ed-a058-49f5',"   \
    "'EventSource':'aws:sns','Sns':{'SignatureVersion':'1',"                                       \
    "'Timestamp':'2019-01-02T12:45:07.000Z','Signature':'tcc6faL2yUC6dgZdmrwh1Y4cGa/ebXEkAi6R',"   \
    "'SigningCertUrl':'https://sns.us-east-1.amazonaws.com/cert.pem',"                             \
    "'MessageId':'95df01b4-ee98-5cb9-9903-4c221d41eb5e','Message':" message ","                    \
    "'MessageAttributes':{'Test':{'Type':'String','Value':'TestString'},"                          \
    "'TestBinary':{'Type':'Binary','Value':'VGVzdEJpbmFyeQ=='}},'Type':'Notification',"            \
    "'UnsubscribeUrl':'https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe',"                  \
    "'TopicArn':'arn:aws:sns:us-east-1:123456789012:sns-lambda','Subject':'TestInvoke'}}]}"

/* SNS guide, "HTTP/HTTPS notification JSON format": what a queue gets without raw delivery. */
#define EXAMPLE_SNS_ENVELOPE(message)                                                              \
    "{'Type':'Notification','MessageId':'22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',"                   \
    "'TopicArn':'arn:aws:sns:us-west-2:123456789012:MyTopic','Subject':'Amazon S3 Notification',"  \
    "'Message':" message ",'Timestamp':'2012-05-02T00:54:06.655Z','SignatureVersion':'1',"         \
    "'Signature':'EXAMPLEw6JRN...','SigningCertURL':'https://sns.us-west-2.amazonaws.com/c.pem',"  \
    "'UnsubscribeURL':'https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe',"                  \
    "'MessageAttributes':{'Test':{'Type':'String','Value':'TestString'}}}"

/* Lambda guide, "Using Lambda with Amazon SQS": a standard and a FIFO queue. */
#define EXAMPLE_SQS                                                                                \
    "{'Records':[{'messageId':'059f36b4-87a3-44ab-83d2-661975830a7d',"                             \
    "'receiptHandle':'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...','body':'Test message.',"              \
    "'attributes':{'ApproximateReceiveCount':'1','SentTimestamp':'1545082649183',"                 \
    "'SenderId':'AIDAIENQZJOLO23YVJ4VO','ApproximateFirstReceiveTimestamp':'1545082649185'},"      \
    "'messageAttributes':{'myAttribute':{'stringValue':'myValue','stringListValues':[],"           \
    "'binaryListValues':[],'dataType':'String'},'myBinary':{'binaryValue':'AAEC',"                 \
    "'stringListValues':[],'binaryListValues':[],'dataType':'Binary'}},"                           \
    "'md5OfBody':'e4e68fb7bd0e697a0ae8f1bb342846b3','eventSource':'aws:sqs',"                      \
    "'eventSourceARN':'arn:aws:sqs:us-east-2:123456789012:my-queue','awsRegion':'us-east-2'}]}"
#define EXAMPLE_SQS_FIFO                                                                           \
    "{'Records':[{'messageId':'11d6ee51-4cc7-4302-9e22-7cd8afdaadf5',"                             \
    "'receiptHandle':'AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...','body':'Test message.',"               \
    "'attributes':{'ApproximateReceiveCount':'3','SentTimestamp':'1573251510774',"                 \
    "'SequenceNumber':'18849496460467696128','MessageGroupId':'1',"                                \
    "'SenderId':'AIDAIO23YVJENQZJOL4VO','MessageDeduplicationId':'1',"                             \
    "'ApproximateFirstReceiveTimestamp':'1573251510774'},'messageAttributes':{},"                  \
    "'md5OfBody':'e4e68fb7bd0e697a0ae8f1bb342846b3','eventSource':'aws:sqs',"                      \
    "'eventSourceARN':'arn:aws:sqs:us-east-2:123456789012:fifo.fifo','awsRegion':'us-east-2'}]}"

/* Lambda guide, "Invoking Lambda function URLs". */
#define EXAMPLE_URL                                                                                \
    "{'version':'2.0','routeKey':'$default','rawPath':'/my/path',"                                 \
    "'rawQueryString':'parameter1=value1&parameter1=value2&parameter2=a+b%3D%ED%95%9C',"           \
    "'cookies':['cookie1=one','cookie2=two'],"                                                     \
    "'headers':{'header1':'value1','header2':'value1,value2','Content-Type':'text/plain'},"        \
    "'queryStringParameters':{'parameter1':'value1,value2','parameter2':'value'},"                 \
    "'requestContext':{'accountId':'123456789012','apiId':'<urlid>','authentication':null,"        \
    "'authorizer':{'iam':{'accessKey':'AKIA...','accountId':'111122223333'}},"                     \
    "'domainName':'<url-id>.lambda-url.us-west-2.on.aws','domainPrefix':'<url-id>',"               \
    "'http':{'method':'POST','path':'/my/path','protocol':'HTTP/1.1','sourceIp':'123.123.123.123'" \
    ",'userAgent':'agent'},'requestId':'id','routeKey':'$default','stage':'$default',"             \
    "'time':'12/Mar/2020:19:03:58 +0000','timeEpoch':1583348638390},"                              \
    "'body':'Hello from client!','pathParameters':null,'isBase64Encoded':false,"                   \
    "'stageVariables':null}"
#define EXAMPLE_URL_BASE64                                                                         \
    "{'version':'2.0','rawPath':'/','rawQueryString':'','headers':{},"                             \
    "'requestContext':{'http':{'method':'PUT','path':'/'},'requestId':'id'},"                      \
    "'body':'AP+AaGk=','isBase64Encoded':true}"

/* EventBridge user guide, "Creating a rule that runs on a schedule"; EventBridge Scheduler without
 * an input; the project's own input. */
#define EXAMPLE_SCHEDULE                                                                           \
    "{'version':'0','id':'53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa','detail-type':'Scheduled Event',"  \
    "'source':'aws.events','account':'123456789012','time':'2015-10-08T16:53:06Z',"                \
    "'region':'us-east-1','resources':['arn:aws:events:us-east-1:123456789012:rule/my-rule'],"     \
    "'detail':{}}"
#define EXAMPLE_SCHEDULER                                                                          \
    "{'version':'0','id':'37666ae6-48cf-4285-b4c6-a3320b38824a','detail-type':'Scheduled Event',"  \
    "'source':'aws.scheduler','account':'123456789012','time':'2024-06-13T12:30:00Z',"             \
    "'region':'us-east-2','resources':"                                                            \
    "['arn:aws:scheduler:us-east-2:123456789012:schedule/default/my-schedule'],'detail':'{}'}"
#define EXAMPLE_OWN_SCHEDULE "{'reportType':'daily','time':'2026-01-02T03:04:05Z'}"

/* SES developer guide, an event by EventBridge, cut to its envelope. */
#define EXAMPLE_SES_EVENTBRIDGE                                                                    \
    "{'version':'0','id':'8e8f1bd7-1234-5678-9abc-ded0eexample','detail-type':'Email Bounced',"    \
    "'source':'aws.ses','account':'123456789012','time':'2024-08-26T21:43:02Z',"                   \
    "'region':'us-east-1','resources':['arn:aws:ses:us-east-1:123456789012:configuration-set/c']," \
    "'detail':{'eventType':'Bounce','mail':{'messageId':'EXAMPLE7c191be45'}}}"

/* The JSON of an example, to be given to free(). */
static inline char *example_text(const char *example) {
    char *text = malloc(strlen(example) + 1);
    assert_non_null(text);
    size_t at = 0;
    for (; example[at] != '\0'; at++) {
        text[at] = example[at];
        if (text[at] == '\'') {
            text[at] = '"';
        }
    }
    text[at] = '\0';
    return text;
}

static inline struct svc_json *example_parse(const char *example) {
    struct svc_json *document = NULL;
    char *text = example_text(example);
    struct svc_error error = {0};
    if (svc_json_parse(text, strlen(text), 0, &document, &error) != SVC_OK) {
        fail_msg("%s: %s", error.detail, text);
    }
    free(text);
    return document;
}

/* `example` as a JSON string, for where an event carries another one; to be given to free(). With
 * double quotes already: example_text leaves it as it is. */
static inline char *example_string(const char *example) {
    struct svc_buf out;
    struct svc_json_writer writer;
    char *text = example_text(example);
    svc_buf_init(&out, 1 << 20);
    svc_json_writer_init(&writer, &out);
    svc_json_put_text(&writer, text);
    assert_int_equal(svc_json_writer_status(&writer), SVC_OK);
    free(text);
    return (char *)out.bytes;
}

/* `outer` with each '@' replaced by `inner` as a JSON string; to be given to free(). */
static inline char *example_wrap(const char *outer, const char *inner) {
    struct svc_buf out;
    char *string = example_string(inner);
    char *text = example_text(outer);
    svc_buf_init(&out, 1 << 20);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '@') {
            svc_buf_append_text(&out, string);
        } else {
            svc_buf_append_char(&out, *c);
        }
    }
    assert_int_equal(svc_buf_status(&out), SVC_OK);
    free(string);
    free(text);
    return (char *)out.bytes;
}

#endif

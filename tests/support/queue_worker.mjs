// A function for the tests of the event source mapping: every record is done but those whose body is
// "fail".
const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
for (;;) {
  const next = await fetch(`${base}next`);
  const { Records: records } = await next.json();
  const batchItemFailures = records
    .filter((record) => record.body === 'fail')
    .map((record) => ({ itemIdentifier: record.messageId }));
  const id = next.headers.get('lambda-runtime-aws-request-id');
  await fetch(`${base}${id}/response`, { method: 'POST', body: JSON.stringify({ batchItemFailures }) });
}

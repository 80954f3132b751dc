// ListObjectsV2: keys in the order of their UTF-8 bytes, keys behind a delimiter grouped, pages that
// neither repeat nor leave out anything, and encoding-type=url.
import { formEncode } from './events.mjs';
import { Refusal, escapeXml } from './refusal.mjs';

const MAX_KEYS = 1000;
const compare = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

// The next page of objects after `after`, a key or a group that was the last one of a page:
// {entries: [{key, object}, {group}], is_truncated}.
export function listPage(objects, { prefix, delimiter, after, max_keys }) {
  const entries = [];
  const sorted = objects.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => compare(a.key, b.key));
  let group = null;
  for (const object of sorted) {
    const end = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
    const found = end < 0 ? null : object.key.slice(0, end + delimiter.length);
    // A group that was listed stands for all of its keys, also for those after `after`.
    if (found !== null && found === group) continue;
    group = found;
    if (after && compare(found ?? object.key, after) <= 0) continue;
    if (entries.length === max_keys) return { entries, is_truncated: true };
    entries.push(found === null ? { key: object.key, object } : { group: found });
  }
  return { entries, is_truncated: false };
}

// The response's document. objects: all of the bucket.
export function listObjectsV2(bucket, objects, query) {
  const { prefix = '', delimiter = '', 'start-after': start_after = '', 'continuation-token': token, 'encoding-type': encoding } = query;
  const asked = Number(query['max-keys'] ?? MAX_KEYS);
  if (!Number.isInteger(asked) || asked < 0) throw new Refusal('InvalidArgument', 'Argument max-keys must be an integer between 0 and 2147483647');
  if (token === '') throw new Refusal('InvalidArgument', 'The continuation token provided is incorrect');
  const max_keys = Math.min(asked, MAX_KEYS);
  const after = token === undefined ? start_after : Buffer.from(token, 'base64url').toString();
  const { entries, is_truncated } = listPage(objects, { prefix, delimiter, after, max_keys });
  const name = (text) => escapeXml(encoding === 'url' ? formEncode(text) : text);
  const element = (tag, text) => (text === undefined || text === '' ? '' : `<${tag}>${text}</${tag}>`);
  const last = entries.at(-1);
  const contents = entries.filter(({ object }) => object).map(({ object }) =>
    `<Contents><Key>${name(object.key)}</Key><LastModified>${object.lastModified.toISOString()}</LastModified><ETag>${escapeXml(object.etag)}</ETag><Size>${object.contentLength}</Size><StorageClass>STANDARD</StorageClass></Contents>`);
  const groups = entries.filter(({ group }) => group !== undefined).map(({ group }) => `<CommonPrefixes><Prefix>${name(group)}</Prefix></CommonPrefixes>`);
  return [
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`,
    `<Name>${escapeXml(bucket)}</Name><Prefix>${name(prefix)}</Prefix>`,
    element('Delimiter', name(delimiter)), element('StartAfter', name(start_after)), element('EncodingType', encoding),
    `<MaxKeys>${max_keys}</MaxKeys><KeyCount>${entries.length}</KeyCount><IsTruncated>${is_truncated && max_keys > 0}</IsTruncated>`,
    element('ContinuationToken', token),
    is_truncated && last ? element('NextContinuationToken', Buffer.from(last.group ?? last.key).toString('base64url')) : '',
    ...contents, ...groups, '</ListBucketResult>',
  ].join('');
}

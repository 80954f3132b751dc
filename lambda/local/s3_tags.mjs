// Object tags, which fauxqs does not have: kept for each object and version, checked as S3 does.
import { Refusal, XML_HEAD, escapeXml } from './refusal.mjs';

const MAX_TAGS = 10;
const MAX_KEY = 128;
const MAX_VALUE = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

const unescapeXml = (text) =>
  text
    .replace(/&#x([0-9a-fA-F]{1,6});/g, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d{1,7});/g, (_, decimal) => String.fromCodePoint(Number(decimal)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

function checked(pairs) {
  const bad = (what) => new Refusal('InvalidTag', what);
  if (pairs.length > MAX_TAGS) throw new Refusal('BadRequest', 'Object tags cannot be greater than 10');
  for (const [key, value] of pairs) {
    if (key.length < 1 || key.length > MAX_KEY) throw bad('The TagKey you have provided is invalid');
    if (value.length > MAX_VALUE) throw bad('The TagValue you have provided is too long');
    if (!ALLOWED.test(key) || !ALLOWED.test(value)) throw bad('The tag has characters that are not allowed');
  }
  const tags = new Map(pairs);
  if (tags.size !== pairs.length) throw bad('Cannot provide multiple Tags with the same key');
  return tags;
}

export function tagsFromXml(xml) {
  const text = xml.toString('utf8');
  if (!/<Tagging[\s>]/.test(text)) {
    throw new Refusal('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  const pairs = [];
  for (const [, tag] of text.matchAll(/<Tag>([\s\S]*?)<\/Tag>/g)) {
    const key = tag.match(/<Key>([\s\S]*?)<\/Key>/);
    const value = tag.match(/<Value>([\s\S]*?)<\/Value>|<Value\s*\/>/);
    if (!key || !value) throw new Refusal('MalformedXML', 'A tag needs a Key and a Value');
    pairs.push([unescapeXml(key[1]), unescapeXml(value[1] ?? '')]);
  }
  return checked(pairs);
}

// The x-amz-tagging header: URL query parameters.
export const tagsFromHeader = (text) => checked([...new URLSearchParams(text)]);

export function tagsToXml(tags) {
  const set = [...tags].map(
    ([key, value]) => `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
  );
  return `${XML_HEAD}<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${set.join('')}</TagSet></Tagging>`;
}

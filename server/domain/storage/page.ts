import type { Send } from './requests.ts'
import type { StoredFile } from './storage.ts'

interface Page {
  objects: (Omit<StoredFile, 'path'> & { key: string })[]
  /** Where the next page begins; undefined: there is none. */
  next: string | undefined
}

/** A page of the keys with a prefix. @param from the `next` of the page before */
export async function readPage(send: Send, prefix: string, from?: string): Promise<Page> {
  const query = {
    'list-type': '2',
    'encoding-type': 'url',
    prefix,
    ...(from && { 'continuation-token': from }),
  }
  const xml = (await send({ method: 'GET', query })).body.toString()
  return {
    objects: elements(xml, 'Contents').map(content => ({
      key: decoded(text(content, 'Key')),
      size: Number(text(content, 'Size')),
      modified: new Date(text(content, 'LastModified')),
    })),
    next: text(xml, 'IsTruncated') === 'true' ? unescaped(text(xml, 'NextContinuationToken')) : undefined,
  }
}

/** What is between the tags of each element of a name. S3's answers have no attributes and no nested ones of a name. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g'))].map(found => found[1]!)
}

/** The text of the first element of a name; empty if there is none. */
export function text(xml: string, name: string): string {
  return elements(xml, name)[0] ?? ''
}

/** A key as the query parameter `encoding-type` encodes it. */
export function decoded(key: string): string {
  return decodeURIComponent(unescaped(key).replaceAll('+', ' '))
}

const entities: Record<string, string> = {
  'lt': '<',
  'gt': '>',
  'quot': '"',
  'apos': "'",
  'amp': '&',
  '#34': '"',
  '#39': "'",
}

function unescaped(text: string): string {
  return text.replaceAll(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole)
}

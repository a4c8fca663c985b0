import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AddressObject } from 'mailparser'
import { simpleParser } from 'mailparser'
import { and, isNull } from 'drizzle-orm'
import { expect } from 'vitest'
import { waitLimit } from '../process/wait-limit.ts'
import type { Place, World } from '../world.ts'

export interface Mail {
  from: string
  to: string
  subject: string
  text: string
  html: string
  /** In the text, in order. */
  links: string[]
  id: string
}

/**
 * Waits until no mail is pending.
 * @returns the mails of a place to an address, oldest first
 */
export async function mailsTo(world: World, place: Place, to: string): Promise<Mail[]> {
  await outboxIsEmpty(world)
  const dir = world.env.MAIL_DIR!
  const names = (await readdir(dir).catch(() => []))
    .filter(name => name.endsWith('.eml') && name.split('.')[1] === place.id)
    .sort()
  const mails = await Promise.all(names.map(name => readMail(join(dir, name))))
  return mails.filter(mail => mail.to === to)
}

const read = new Map<string, Promise<Mail>>()

/** A mail's file never changes. */
function readMail(file: string): Promise<Mail> {
  const mail = read.get(file) ?? readFile(file).then(parseMail)
  read.set(file, mail)
  return mail
}

/** The site as a place, for its mails; it has no users. */
export function sitePlace({ console }: World): Place {
  return { ...console, id: 'site' }
}

/** @returns the newest mail to an address; its subject must match */
export async function lastMailTo(world: World, place: Place, to: string, subject: RegExp): Promise<Mail> {
  const mail = (await mailsTo(world, place, to)).at(-1)
  expect(mail?.subject).toMatch(subject)
  return mail!
}

export async function parseMail(eml: Buffer | string): Promise<Mail> {
  const mail = await simpleParser(eml)
  const text = mail.text ?? ''
  return {
    from: mail.from?.text ?? '',
    to: (mail.to as AddressObject).value.map(({ address }) => address).join(', '),
    subject: mail.subject ?? '',
    text,
    html: mail.html || '',
    links: text.match(/https?:\/\/\S+/g) ?? [],
    id: mail.messageId ?? '',
  }
}

export async function outboxIsEmpty(world: World): Promise<void> {
  const {
    db,
    tables: { outbox },
  } = world.app.database.platform
  await expect.poll(() => db.$count(outbox, and(isNull(outbox.sent_at), isNull(outbox.given_up_at))), waitLimit).toBe(0)
}

/** The data that a link's page sends: the last two parts of its path. */
export function linkParts(link: string): { uid: string; token: string } {
  const [uid = '', token = ''] = new URL(link).pathname.split('/').slice(-2)
  return { uid, token }
}

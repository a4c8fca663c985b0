import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeptMail } from '#shared/answers/mail.ts'
import type { Message } from './message.ts'

/** A mail as the mailbox shows it. */
type StoredMail = Required<Omit<KeptMail, 'links' | 'date'>> & { date: string }

/**
 * Writes a mail to the mail folder, completely or not at all. A second attempt overwrites the same file.
 * @param legible also writes it as JSON, for the mailbox
 */
export async function keepMail(dir: string, message: Message, eml: Buffer, legible: boolean): Promise<void> {
  await mkdir(dir, { recursive: true })
  const name = fileName(message)
  if (legible) {
    const { id, to, subject, created, text, html } = message
    await writeWhole(
      join(dir, `${name}.json`),
      JSON.stringify({ id, to, subject, date: created.toISOString(), text, html } satisfies StoredMail),
    )
  }
  await writeWhole(join(dir, `${name}.eml`), eml)
}

/** @returns the mails of one realm, newest first */
export async function readKeptMails(
  dir: string,
  realm: string,
  window: { offset: number; limit: number },
): Promise<{ count: number; mails: StoredMail[] }> {
  const names = await namesOf(dir, realm)
  const mails = await Promise.all(
    names.slice(window.offset, window.offset + window.limit).map(name => readKept(dir, name)),
  )
  return { count: names.length, mails }
}

/** @returns undefined if the realm has no such mail */
export async function readKeptMail(dir: string, realm: string, id: string): Promise<StoredMail | undefined> {
  const name = (await namesOf(dir, realm)).find(name => name.endsWith(`.${id}.json`))
  return name === undefined ? undefined : readKept(dir, name)
}

async function namesOf(dir: string, realm: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names
    .filter(name => name.split('.')[1] === realm && name.endsWith('.json'))
    .sort()
    .reverse()
}

async function readKept(dir: string, name: string): Promise<StoredMail> {
  return JSON.parse(await readFile(join(dir, name), 'utf8')) as StoredMail
}

// Sorts by time; a retry of the same mail has the same name.
function fileName({ created, realm, id }: Message): string {
  return `${created.toISOString().replaceAll(/[-:.]/g, '')}.${realm}.${id}`
}

async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  const draft = `${file}.${process.pid}`
  await writeFile(draft, content, { mode: 0o600 })
  await rename(draft, file)
}

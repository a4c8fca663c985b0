import type { Transporter } from 'nodemailer'
import { createTransport } from 'nodemailer'
import type { Config } from '#server/config.ts'
import { oneLine } from './layout.ts'
import { keepMail } from './mail-files.ts'
import type { Message } from './message.ts'

export interface Mailer {
  /** @throws the mail server's answer, within half a minute */
  send(message: Message): Promise<void>
  close(): void
}

// Retries are up to the outbox.
const smtpOptions = {
  pool: true,
  maxConnections: 4,
  maxRequeues: 0,
  connectionTimeout: 8_000,
  greetingTimeout: 8_000,
  dnsTimeout: 8_000,
  socketTimeout: 15_000,
}
const sendLimit = 30_000

/** Sends by SMTP if SMTP_URL is set, otherwise writes files. */
export function createMailer(config: Config): Mailer {
  const { smtpUrl, dir, from } = config.mail
  const transport = smtpUrl
    ? connectTo(config)
    : (createTransport({ streamTransport: true, buffer: true, newline: 'windows' }) as Transporter)

  return {
    async send(message) {
      const sent = await transport.sendMail({
        ...envelope(message, from),
        signal: AbortSignal.timeout(sendLimit),
      } as object)
      if (!smtpUrl) await keepMail(dir, message, sent.message as Buffer, !config.production)
    },
    close: () => transport.close(),
  }
}

/** Connects to the mail server and signs in, but sends nothing. @throws what the mail server says */
export async function checkMailServer(config: Config): Promise<void> {
  const transport = connectTo(config)
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
}

function connectTo({ mail: { smtpUrl, smtpName } }: Config): Transporter {
  return createTransport({ url: smtpUrl, name: smtpName, ...smtpOptions } as object) as Transporter
}

function envelope({ id, sender, to, subject, text, html }: Message, from: string) {
  return {
    from: { name: oneLine(sender), address: from },
    // As an object, so that nothing in an address is parsed as a list of addresses.
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: `<${id}@${from.split('@')[1]}>`,
    // RFC 3834: suppresses out-of-office answers.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

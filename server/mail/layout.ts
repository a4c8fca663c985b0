import { readableOn } from '#shared/contrast.ts'
import type { Language } from '#shared/dates.ts'
import { withoutDoubleStop } from '#shared/double-stop.ts'

/** The sender's look: the organisation's for a portal, Tenantry's for the console. */
export interface Brand {
  name: string
  /** The platform's domain, for recipients who do not know the organisation. */
  via: string
  /** Canonical origin, the base of every link. */
  origin: string
  /** Colour of the button and of the line below the name, as `#rrggbb`. */
  color: string
  /** The recipient's language. */
  language: Language
}

/** The contents of a mail as plain text; the layout escapes it. */
export interface Content {
  subject: string
  paragraphs: string[]
  action?: { label: string; url: string }
  /** Small print at the end. */
  note?: string
}

export interface Letter {
  subject: string
  text: string
  html: string
}

/** Renders a mail's contents as an HTML and a text body. */
export function layOut(brand: Brand, given: Content): Letter {
  const content = { ...given, paragraphs: given.paragraphs.map(withoutDoubleStop) }
  return { subject: oneLine(content.subject), text: textOf(brand, content), html: htmlOf(brand, content) }
}

/** Makes a text safe for a header: no line breaks or other control characters (CWE-93). */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

function textOf({ name, origin }: Brand, { paragraphs, action, note }: Content): string {
  const parts = [
    ...paragraphs,
    ...(action ? [`${action.label}:\n${action.url}`] : []),
    ...(note ? [note] : []),
    `-- \n${oneLine(name)}\n${origin}`,
  ]
  return `${parts.join('\n\n')}\n`
}

function htmlOf({ name, origin, color, language }: Brand, { subject, paragraphs, action, note }: Content): string {
  const font = 'font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif'
  const direction = language === 'ar' ? 'rtl' : 'ltr'
  const start = language === 'ar' ? 'right' : 'left'
  const accent = /^#[0-9a-f]{6}$/i.test(color) ? color : defaultColor
  return `<!doctype html>
<html lang="${language}" dir="${direction}" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(oneLine(subject))}</title></head>
<body dir="${direction}" style="margin:0;padding:16px;background:#f4f4f5;${font};color:#18181b">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border-top:4px solid ${accent};border-radius:8px">
<tr><td dir="${direction}" align="${start}" style="padding:24px;font-size:16px;line-height:1.5;text-align:${start}">
<p style="margin:0 0 24px;font-weight:600">${escapeHtml(oneLine(name))}</p>
${paragraphs.map(paragraph => `<p style="margin:0 0 16px">${linked(paragraph)}</p>`).join('\n')}
${action ? button(action, accent, start) : ''}
${note ? `<p style="margin:24px 0 0;font-size:14px;color:#52525b">${escapeHtml(note)}</p>` : ''}
<p style="margin:24px 0 0;font-size:14px;word-break:break-all"><a href="${escapeHtml(origin)}" ${newTab} dir="ltr" style="color:#52525b">${escapeHtml(origin)}</a></p>
</td></tr></table>
</td></tr></table>
</body>
</html>
`
}

// Webmail programs and the mailbox page show mails in a frame; links must not open inside it.
const newTab = 'target="_blank" rel="noopener noreferrer"'

// Outlook for Windows ignores padding and rounded corners of links. It gets a shape of its own language, VML, whose
// width must be given, and the others a table cell.
function button({ label, url }: { label: string; url: string }, color: string, start: string): string {
  const [text, href] = [escapeHtml(label), escapeHtml(url)]
  const look = `color:${readableOn(color)};font-weight:600;text-decoration:none`
  const width = 48 + 9 * [...label].length
  return `<!--[if mso]><v:roundrect href="${href}" style="height:48px;v-text-anchor:middle;width:${width}px" arcsize="13%" stroke="f" fillcolor="${color}"><w:anchorlock/><center style="${look};font-size:16px">${text}</center></v:roundrect><![endif]-->
<!--[if !mso]><!--><table role="presentation" cellpadding="0" cellspacing="0" style="margin:24px 0"><tr><td align="center" bgcolor="${color}" style="background:${color};border-radius:6px;padding:0"><a href="${href}" ${newTab} style="display:block;padding:12px 20px;${look}">${text}</a></td></tr></table><!--<![endif]-->
<p dir="ltr" style="margin:16px 0 0;font-size:14px;word-break:break-all;text-align:${start}"><a href="${href}" ${newTab} style="color:#52525b">${href}</a></p>`
}

/** Makes links of the addresses of pages in a text. */
function linked(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>".,:;!?)])/)
    .map((part, at) =>
      at % 2 === 0 ? escapeHtml(part) : `<a href="${escapeHtml(part)}" ${newTab}>${escapeHtml(part)}</a>`,
    )
    .join('')
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => entities[character]!)
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export const defaultColor = '#15604a'

import { describe, expect, test } from 'vitest'
import type { Brand } from '#server/mail/layout.ts'
import { layOut } from '#server/mail/layout.ts'

const brand: Brand = {
  name: 'Acme Inc.',
  via: 'x.test',
  origin: 'https://acme.x.test',
  color: '#1d4ed8',
  language: 'en',
}
const action = { label: 'Choose <now>', url: 'https://acme.x.test/a?b=1&c=2' }

describe('a mail', () => {
  test('has one full stop after a name that ends with one', () => {
    const { text, html } = layOut(brand, { subject: 's', paragraphs: ['You are at Acme Inc.. Wait...', 'Acme Inc..'] })
    for (const body of [text, html]) expect(body).toContain('You are at Acme Inc. Wait...')
    expect(text).not.toMatch(/Inc\.\./)
  })

  test('makes links of addresses, without the full stop behind them', () => {
    const { html } = layOut(brand, { subject: 's', paragraphs: ['See https://acme.x.test/people?a=1&b="2. <b>'] })
    expect(html).toContain('<a href="https://acme.x.test/people?a=1&amp;b="')
    expect(html).toContain('&quot;2. &lt;b&gt;')
  })

  test('has a button that Outlook for Windows shows as one', () => {
    const { html } = layOut(brand, { subject: 's', paragraphs: [], action })
    const [, outlook] = /<!--\[if mso\]>(.*?)<!\[endif\]-->/s.exec(html)!
    expect(outlook).toMatch(/^<v:roundrect href="https:\/\/acme\.x\.test\/a\?b=1&amp;c=2"[^>]*fillcolor="#1d4ed8"/)
    expect(outlook).toContain('Choose &lt;now&gt;')
    const [, others] = /<!--\[if !mso\]><!-->(.*?)<!--<!\[endif\]-->/s.exec(html)!
    expect(others).toMatch(/<td [^>]*bgcolor="#1d4ed8"[^>]*><a href="[^"]+"[^>]*padding:12px 20px/)
    expect(html.match(/https:\/\/acme\.x\.test\/a\?b=1&amp;c=2<\/a>/)).toHaveLength(1)
  })
})

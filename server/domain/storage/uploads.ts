import { decoded, elements, text } from './page.ts'
import type { Send } from './requests.ts'

interface Upload {
  key: string
  id: string
  begun: Date
}

/** The uploads in parts that were begun under a prefix and not completed. At most 1,000 are found at once. */
export async function listUploads(send: Send, prefix: string): Promise<Upload[]> {
  const { body } = await send({ method: 'GET', query: { 'uploads': '', 'encoding-type': 'url', prefix } })
  return elements(body.toString(), 'Upload').map(upload => ({
    key: decoded(text(upload, 'Key')),
    id: text(upload, 'UploadId'),
    begun: new Date(text(upload, 'Initiated')),
  }))
}

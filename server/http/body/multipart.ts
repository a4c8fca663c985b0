import { ApiError, invalid } from '#shared/errors.ts'

const headLimit = 4_096

/**
 * Extracts the file from a form with exactly one part (RFC 7578). The file name is ignored.
 * @throws ApiError 400 for a malformed form, another field or a second part
 */
export function readOnlyPart(body: Buffer, contentType: string, field: string): Buffer {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`, 'latin1')
  // The first delimiter has no line break before it if nothing precedes it.
  const form = Buffer.concat([Buffer.from('\r\n'), body])
  if (!startsAt(form, delimiter, 0)) throw parseError('it does not begin with its boundary')
  const head = delimiter.length
  if (startsAt(form, Buffer.from('--'), head)) throw invalid({ [field]: ['No file was submitted.'] })
  const headEnd = form.subarray(0, head + headLimit).indexOf('\r\n\r\n', head)
  if (!startsAt(form, Buffer.from('\r\n'), head) || headEnd < 0) throw parseError('a part has no headers')
  const end = form.indexOf(delimiter, headEnd + 2)
  if (end < 0) throw parseError('a part has no end')
  if (!/^--[ \t]*(?:\r\n|$)/.test(form.toString('latin1', end + delimiter.length, end + delimiter.length + 100))) {
    throw invalid({ [field]: ['Submit this file and nothing else.'] })
  }
  if (nameOf(form.toString('latin1', head, headEnd)) !== field) throw invalid({ [field]: ['No file was submitted.'] })
  return form.subarray(Math.min(headEnd + 4, end), end)
}

// RFC 2046, 5.1.1: 1 to 70 of these characters.
function boundaryOf(contentType: string): string {
  const [, quoted, plain] =
    /;[ \t]*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'+.-]{1,70}))[ \t]*(?:;|$)/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (!boundary) throw parseError('the boundary is missing or malformed')
  return boundary
}

function nameOf(headers: string): string | undefined {
  return /\r\ncontent-disposition:[ \t]*form-data[ \t]*;(?:[^\r\n]*;)?[ \t]*name="([^"\r\n]*)"/i.exec(headers)?.[1]
}

function startsAt(bytes: Buffer, text: Buffer, at: number): boolean {
  return bytes.subarray(at, at + text.length).equals(text)
}

function parseError(reason: string): ApiError {
  return new ApiError(400, { detail: `Multipart form parse error - ${reason}` })
}

import type { ApiError } from '#shared/errors.ts'
import { invalid } from '#shared/errors.ts'
import type { DecodedText, TextEncoding } from '#shared/table/encoding.ts'
import { decodeText, NotText } from '#shared/table/encoding.ts'
import type { PeopleField } from '#shared/table/people-columns.ts'
import { AmbiguousColumn, assignColumns } from '#shared/table/people-columns.ts'
import { workbookText } from '#shared/table/texts.ts'

/**
 * Decodes a file. Only a preview may guess an encoding; an import needs a person who has seen the names in it.
 * @throws ApiError 400 on `file`
 */
export function decodeFile(
  bytes: Buffer,
  { encoding, isGuessed }: { encoding: TextEncoding | undefined; isGuessed: boolean },
): DecodedText {
  const decoded = decode(bytes, encoding)
  if (!decoded.isCertain && !isGuessed)
    throw unreadable(
      'The file is not Unicode. Save it as "CSV UTF-8", or send its encoding, such as encoding=windows-1252.',
    )
  return decoded
}

function decode(bytes: Buffer, encoding: TextEncoding | undefined): DecodedText {
  try {
    return decodeText(bytes, encoding)
  } catch (error) {
    throw error instanceof NotText ? unreadable(workbookText) : error
  }
}

/**
 * @param parameter that the file was sent in
 * @returns the field of each column, and the names of those that are not used
 * @throws ApiError 400 on the parameter
 */
export function readColumns(
  header: string[],
  parameter: 'file' | 'csv',
): { columns: (PeopleField | null)[]; ignored: string[] } {
  const columns = assign(header, parameter)
  if (!columns.includes('email'))
    throw unreadable('The first row must name the columns, and one of them must be email.', parameter)
  return { columns, ignored: header.filter((name, at) => columns[at] === null && name !== '') }
}

function assign(header: string[], parameter: 'file' | 'csv'): (PeopleField | null)[] {
  try {
    return assignColumns(header)
  } catch (error) {
    throw error instanceof AmbiguousColumn ? unreadable(`Two columns are named "${error.message}".`, parameter) : error
  }
}

function unreadable(message: string, parameter = 'file'): ApiError {
  return invalid({ [parameter]: [message] })
}

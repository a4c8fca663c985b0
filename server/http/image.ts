import type { H3Event } from 'h3'
import { getHeader, setResponseHeaders } from 'h3'
import { z } from 'zod'
import type { ImageFolder } from '#server/domain/images/files.ts'
import { readImage } from '#server/domain/images/files.ts'
import type { ImageSize } from '#server/domain/images/sizes.ts'
import { imageSizes } from '#server/domain/images/sizes.ts'
import { imageSizeLimit } from '#server/domain/images/upload-limit.ts'
import { ApiError, notFound } from '#shared/errors.ts'
import { choice } from '#shared/schemas/fields.ts'
import { readBytes } from './body/body.ts'
import { readOnlyPart } from './body/multipart.ts'

/**
 * Reads an uploaded image, sent as the body or as the only part of a form.
 * @param field the part's name
 * @throws ApiError 400 for a malformed form, 413
 */
export function readImageBody(event: H3Event, field: string): Buffer {
  const type = getHeader(event, 'content-type') ?? ''
  const body = readBytes(event)
  const image = /^multipart\//i.test(type) ? readOnlyPart(body, type, field) : body
  if (image.length > imageSizeLimit) throw new ApiError(413, { detail: 'Request body is too large.' })
  return image
}

/** The size of an image that a request asks for. */
export const imageQuery = z.object({ size: choice(imageSizes).default('256') })

/**
 * Sends a stored picture with headers that keep a browser from interpreting it as anything else, even when it is
 * opened directly.
 * @param stored name of the picture, null where there is none
 * @param name a file name of ours
 * @throws ApiError 404
 */
export async function sendImage(
  event: H3Event,
  images: ImageFolder,
  stored: string | null,
  size: ImageSize,
  name: 'photo' | 'logo',
): Promise<Buffer> {
  if (stored === null) throw notFound()
  const image = await readImage(images, stored, size)
  setResponseHeaders(event, {
    'content-type': 'image/webp',
    'content-disposition': `inline; filename="${name}.webp"`,
    'content-security-policy': `default-src 'none'; frame-ancestors 'none'; sandbox`,
  })
  return image
}

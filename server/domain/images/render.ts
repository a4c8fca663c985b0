import sharp from 'sharp'
import { createLimiter } from '#server/domain/lib/limiter.ts'
import { invalid } from '#shared/errors.ts'
import type { RenderedImage } from './sizes.ts'

// Large enough for a phone's photo. Decoded it has at most 200 MB, so at most two are decoded at once.
const pixelLimit = 50_000_000
const limiter = createLimiter({ parallel: 2, waiting: 20, waitLimit: 8_000 })

// Other formats that libvips can read, from SVG to PDF, would be attack surface.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'] })
sharp.cache(false)
sharp.concurrency(1)

/**
 * Encodes an uploaded PNG, JPEG or WebP again, whose type is detected from its content. Only the pixels are kept: no
 * EXIF, no script, no second file hidden behind the first.
 * @param realm whose turn it is, by its schema
 * @param field the form's field, for the error
 * @param fit `cover` crops to a square, `inside` keeps the aspect ratio
 * @throws ApiError 400 on the field, 503 when too many are waiting
 */
export async function renderImage(
  realm: string,
  bytes: Buffer,
  field: string,
  fit: 'cover' | 'inside',
): Promise<RenderedImage> {
  if (bytes.length === 0) throw invalid({ [field]: ['The submitted file is empty.'] })
  if (!isAllowed(bytes)) throw notAnImage(field)
  return limiter.run(realm, async () => {
    try {
      return await decode(bytes, fit)
    } catch {
      throw notAnImage(field)
    }
  })
}

async function decode(bytes: Buffer, fit: 'cover' | 'inside'): Promise<RenderedImage> {
  const { data, info } = await sharp(bytes, { limitInputPixels: pixelLimit, failOn: 'error' })
    .timeout({ seconds: 10 })
    .autoOrient()
    .resize(256, 256, { fit })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const decoded = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
  const [small, large] = await Promise.all([
    decoded().resize(64, 64, { fit }).webp().toBuffer(),
    decoded().webp().toBuffer(),
  ])
  return { 64: small, 256: large }
}

// PNG, RFC 2083, 3.1; JPEG's start of image and the next marker; RIFF with the type WEBP.
function isAllowed(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 12)
  return start.startsWith('\x89PNG\r\n\x1A\n') || start.startsWith('\xFF\xD8\xFF') || /^RIFF[^]{4}WEBP$/.test(start)
}

function notAnImage(field: string) {
  return invalid({
    [field]: ['Upload a valid image. The file you uploaded was either not an image or a corrupted image.'],
  })
}

/** A square part of an image: its centre, in the image's pixels, and its zoom. */
export interface Crop {
  x: number
  y: number
  /** 1 shows the whole of the shorter side. */
  zoom: number
}

export interface Size {
  width: number
  height: number
}

export const closest = 4

/** The initial square: as large as possible, in the centre. */
export function wholeCrop({ width, height }: Size): Crop {
  return { x: width / 2, y: height / 2, zoom: 1 }
}

/** @returns the length of the square's side, in the image's pixels */
export function cropSide({ width, height }: Size, { zoom }: Crop): number {
  return Math.min(width, height) / zoom
}

/** The same square, moved so that it is inside the image. */
export function clampCrop(picture: Size, crop: Crop): Crop {
  const zoom = Math.min(Math.max(crop.zoom, 1), closest)
  const half = cropSide(picture, { ...crop, zoom }) / 2
  return { zoom, x: within(crop.x, half, picture.width - half), y: within(crop.y, half, picture.height - half) }
}

/** @param dx to the right, as a fraction of the square's side */
export function moveCrop(picture: Size, crop: Crop, dx: number, dy: number): Crop {
  const side = cropSide(picture, crop)
  return clampCrop(picture, { ...crop, x: crop.x + dx * side, y: crop.y + dy * side })
}

function within(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max)
}

import { readFile } from 'node:fs/promises'
import { eq } from 'drizzle-orm'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { imageFolder, replaceImage } from '#server/domain/images/files.ts'
import { renderImage } from '#server/domain/images/render.ts'

/** The faces that scripts/demo-faces.ts draws, by their style of hair. */
const faces = {
  women: [2, 3, 5, 8, 9, 11, 14, 15, 17, 20, 21, 23],
  men: [1, 4, 6, 7, 10, 12, 13, 16, 18, 19, 22, 24],
} as const

/** Gives two of three users a photo, without an audit event: they have had it for long. */
export async function seedPhotos(
  app: App,
  { realm }: AuthRealm,
  people: { id: string; isWoman: boolean }[],
): Promise<void> {
  const { users } = realm.tables
  for (const [i, { id, isWoman }] of people.entries()) {
    const choice = faces[isWoman ? 'women' : 'men']
    if (i % 3 === 2 || i >= 2 * choice.length) continue
    const face = choice[(i >> 1) % choice.length]!
    const bytes = await readFile(`assets/demo-faces/${String(face).padStart(2, '0')}.webp`)
    const image = await renderImage(realm.schema, bytes, 'photo', 'cover')
    await replaceImage(imageFolder(app, realm, id), image, photo =>
      realm.db.update(users).set({ photo }).where(eq(users.id, id)),
    )
  }
}

import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { s3Of } from '#server/config/s3.ts'
import { settings } from '#server/config/settings.ts'
import { copyFiles } from '#server/domain/storage/copy.ts'
import { openBucket, openFolders } from '#server/domain/storage/open.ts'
import type { Storage } from '#server/domain/storage/storage.ts'
import type { S3Server } from '../../support/data/s3.ts'
import { createS3Server } from '../../support/data/s3.ts'

let home: string
let s3: S3Server
let bucket: Storage
let folder: Storage
/** Past one part of an upload, and past one read. */
const large = randomBytes(33 * 1024 ** 2)

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tenantry-storage-'))
  s3 = await createS3Server()
  bucket = (await openBucket(s3Of(settings.parse(s3.settings))!)).images
  folder = openFolders({ uploadDir: join(home, 'uploads'), archiveDir: join(home, 'archives') }).images
})
afterAll(async () => {
  await s3.stop()
  await rm(home, { recursive: true })
})
beforeEach(() => {
  s3.disturb = undefined
  s3.requests.length = 0
})

describe.each(['folder', 's3'])('files in a %s', kind => {
  let storage: Storage
  beforeAll(() => {
    storage = kind === 's3' ? bucket : folder
  })

  test('are read as they were written, whole and in parts', async () => {
    await storage.put('one/a.webp', Buffer.from('0123456789'))
    expect((await storage.read('one/a.webp'))!.toString()).toBe('0123456789')
    expect(await storage.stat('one/a.webp')).toMatchObject({ size: 10, modified: expect.any(Date) })
    const file = (await storage.open('one/a.webp'))!
    expect(file.size).toBe(10)
    expect((await file.read(3, 4)).toString()).toBe('3456')
    expect((await file.read(0, 2)).toString()).toBe('01')
    expect((await file.read(8, 100)).toString()).toBe('89')
    expect(await file.read(10, 1)).toHaveLength(0)
    await file.close()
    await storage.put('one/a.webp', Buffer.from('other'))
    expect((await storage.read('one/a.webp'))!.toString()).toBe('other')
  })

  test('that are large come from the disk and go to it', async () => {
    const [source, target] = [join(home, `${kind}.source`), join(home, `${kind}.target`)]
    await writeFile(source, large)
    await storage.putFile('two/large.tar', source)
    expect(await storage.fetchTo('two/large.tar', target)).toBe(true)
    expect(sha256(await readFile(target))).toBe(sha256(large))
    const file = (await storage.open('two/large.tar'))!
    const parts = []
    for (let at = 0; at < file.size; at += 300_000) parts.push(await file.read(at, 300_000))
    await file.close()
    expect(sha256(Buffer.concat(parts))).toBe(sha256(large))
    await storage.remove('two/large.tar')
  })

  test('that do not exist are nothing, and deleting them does nothing', async () => {
    expect(await storage.read('none/x')).toBeUndefined()
    expect(await storage.open('none/x')).toBeUndefined()
    expect(await storage.stat('none/x')).toBeUndefined()
    expect(await storage.fetchTo('none/x', join(home, `${kind}.none`))).toBe(false)
    expect(existsSync(join(home, `${kind}.none`))).toBe(false)
    expect(await Array.fromAsync(storage.list('none'))).toEqual([])
    await storage.remove('none/x')
    await storage.removeFolder('none')
  })

  test('are listed and deleted by folder, and those of others stay', async () => {
    for (const path of ['t_a/x/1', 't_a/y/2', 't_ab/x/3']) await storage.put(path, Buffer.from(path))
    const paths = async (of?: string) => (await Array.fromAsync(storage.list(of))).map(({ path }) => path).sort()
    expect(await paths('t_a')).toEqual(['t_a/x/1', 't_a/y/2'])
    expect((await storage.folders()).sort()).toEqual(['one', 't_a', 't_ab'])
    await storage.remove('t_a/x/1')
    expect(await paths('t_a')).toEqual(['t_a/y/2'])
    await storage.removeFolder('t_a')
    expect(await paths()).toEqual(['one/a.webp', 't_ab/x/3'])
    await storage.removeFolder('t_ab')
    expect(await storage.folders()).toEqual(['one'])
  })
})

describe('a folder', () => {
  test('has files that only their owner can read, and follows no link out of it', async () => {
    expect((await stat(folder.locate('one/a.webp'))).mode & 0o777).toBe(0o600)
    await writeFile(join(home, 'secret'), 'canary')
    await symlink(join(home, 'secret'), folder.locate('one/link'))
    expect(await folder.read('one/link')).toBeUndefined()
    expect(await folder.open('one/link')).toBeUndefined()
    await folder.remove('one/link')
  })
})

describe('a bucket', () => {
  test('has more files than one answer lists', async () => {
    for (let i = 0; i < 1_100; i += 20)
      await Promise.all(Array.from({ length: 20 }, (_, j) => bucket.put(`many/${i + j}`, Buffer.from('x'))))
    expect(await Array.fromAsync(bucket.list('many'))).toHaveLength(1_100)
    await bucket.removeFolder('many')
    expect(await Array.fromAsync(bucket.list('many'))).toEqual([])
  })

  test('does not store what was damaged on the way', async () => {
    s3.disturb = request => (request.startsWith('PUT') ? 'damaged' : undefined)
    await expect(bucket.put('damaged', Buffer.from('x'))).rejects.toMatchObject({
      cause: { message: expect.stringMatching('XAmzContentSHA256Mismatch') },
    })
    s3.disturb = undefined
    expect(await bucket.read('damaged')).toBeUndefined()
  })

  test('that is busy for a moment is asked again', async () => {
    let busy = 1
    s3.disturb = () => (busy-- > 0 ? 'busy' : undefined)
    await bucket.put('patient', Buffer.from('x'))
    expect(s3.requests).toHaveLength(2)
    await bucket.remove('patient')
  })

  test.each(['down', 'slow', 'busy'] as const)('that is %s is unavailable after a limited time', async kind => {
    s3.disturb = () => kind
    // What must end the request may not be collected as garbage meanwhile.
    setFlagsFromString('--expose-gc')
    const collecting = setInterval(runInNewContext('gc') as () => void, 200)
    await expect(bucket.read('one/a.webp')).rejects.toMatchObject({ status: 503 })
    clearInterval(collecting)
    expect(s3.requests).toHaveLength(2)
  })

  test('that refuses says why, without a repetition and without the key', async () => {
    s3.disturb = () => 'forbidden'
    await expect(bucket.put('x', Buffer.from('x'))).rejects.toMatchObject(denied)
    expect(s3.requests).toHaveLength(1)
  })

  test('takes a large file in parts, and keeps none of them if one fails', async () => {
    const source = join(home, 'parts')
    await writeFile(source, large)
    s3.disturb = request => (request.includes('partNumber=2') ? 'forbidden' : undefined)
    await expect(bucket.putFile('parts.tar', source)).rejects.toMatchObject(denied)
    expect(s3.requests.filter(request => request.includes('partNumber'))).toHaveLength(2)
    expect(s3.uploads.size).toBe(0)
    expect(await bucket.stat('parts.tar')).toBeUndefined()
  })

  test('loses parts that were left behind by a process that died, but not those in progress', async () => {
    const source = join(home, 'left')
    await writeFile(source, large)
    s3.disturb = request => {
      if (request.startsWith('DELETE')) return 'down'
      return request.includes('partNumber=2') ? 'forbidden' : undefined
    }
    await expect(bucket.putFile('left.tar', source)).rejects.toMatchObject(denied)
    s3.disturb = undefined
    expect(await bucket.removeUnfinished()).toBe(0)
    expect(s3.uploads.size).toBe(1)
    for (const upload of s3.uploads.values()) upload.begun = new Date(Date.now() - 2 * 86_400_000)
    expect(await bucket.removeUnfinished()).toBe(1)
    expect(s3.uploads.size).toBe(0)
  })

  test('notices an object that is replaced while it is read', async () => {
    const source = join(home, 'replaced')
    await writeFile(source, large)
    await bucket.putFile('replaced.tar', source)
    const file = (await bucket.open('replaced.tar'))!
    await file.read(0, 512)
    await writeFile(source, randomBytes(large.length))
    await bucket.putFile('replaced.tar', source)
    await expect(file.read(20_000_000, 512)).rejects.toThrow('has changed')
    await bucket.remove('replaced.tar')
  })
})

test('copying copies what is missing, both ways, and a second run nothing', async () => {
  const nothing = () => {}
  await folder.put('t_a/x/1', Buffer.from('first'))
  await bucket.put('t_a/x/1', Buffer.from('cut'))
  await folder.put('t_a/x/2', Buffer.from('second'))
  expect(await copyFiles(folder, bucket, home, nothing)).toEqual({ copied: 2, present: 1 })
  expect((await bucket.read('t_a/x/1'))!.toString()).toBe('first')
  expect(await copyFiles(folder, bucket, home, nothing)).toEqual({ copied: 0, present: 3 })
  await folder.removeFolder('t_a')
  expect(await copyFiles(bucket, folder, home, nothing)).toEqual({ copied: 2, present: 1 })
  expect((await folder.read('t_a/x/2'))!.toString()).toBe('second')
})

const denied = { status: 503, cause: { message: 'S3 refuses PUT with 403 AccessDenied' } }

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

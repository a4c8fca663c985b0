/** A place for files, which are named by paths such as `a/b.webp`: a folder of this machine, or a part of a bucket. */
export interface Storage {
  /** Whether each access takes a request to another machine. */
  isRemote: boolean
  /** Writes a file completely or not at all, in place of a former one. */
  put(path: string, bytes: Buffer): Promise<void>
  /** The same with a file of this machine, which may be gone afterwards. */
  putFile(path: string, file: string, signal?: AbortSignal): Promise<void>
  /** @returns undefined where there is no file */
  read(path: string): Promise<Buffer | undefined>
  /** Opens a file to read parts of it. @returns undefined where there is no file */
  open(path: string): Promise<OpenFile | undefined>
  /** Copies a file to one of this machine that does not exist yet. @returns false where there is no file */
  fetchTo(path: string, file: string): Promise<boolean>
  /** @returns undefined where there is no file */
  stat(path: string): Promise<Omit<StoredFile, 'path'> | undefined>
  /** All files whose path begins with a folder, or all there are; none whose name begins with a dot. */
  list(folder?: string): AsyncIterable<StoredFile>
  /** The names of the folders at the top. */
  folders(): Promise<string[]>
  /** Deletes a file, and its folder if that is empty; does nothing if there is none. */
  remove(path: string): Promise<void>
  /** Deletes a folder with all its files. */
  removeFolder(folder: string): Promise<void>
  /** Deletes parts of files that were never completed, and that nobody works on any more. @returns how many */
  removeUnfinished(): Promise<number>
  /** Where a file is, for people. */
  locate(path: string): string
}

export interface StoredFile {
  path: string
  size: number
  modified: Date
}

/** A file that is read in parts. It does not change meanwhile, or reading it fails. */
export interface OpenFile {
  size: number
  /** @returns fewer bytes only where the file ends */
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** The files of an installation: `images` by `<schema>/<owner>/<file>`, `archives` by their names. */
export interface Files {
  images: Storage
  archives: Storage
}

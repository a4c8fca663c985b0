import { canManageDepartments, canManageInvitations, canManageUsers } from '#shared/permissions'

/** An entry of the command palette: a page, or an action. */
export interface Command {
  id: string
  label: string
  icon: string
  note?: string
  /** The keys that run it without the palette. */
  keys?: string[]
  to?: string
  run?: () => unknown
}

export interface CommandGroup {
  title: string
  commands: Command[]
}

/** The palette's entries without a search: the pages and actions that the user may use. */
export function useCommands(): ComputedRef<CommandGroup[]> {
  const { t } = useI18n()
  const pages = useNavigation()
  const common = useCommonActions()
  const creation = useCreationActions()

  return computed(() => [
    {
      title: t('shell.palette.pages'),
      commands: pages.value.map(({ label, to, icon, shortcut }) => ({
        id: `page:${to}`,
        label: t(label),
        icon,
        to,
        keys: shortcut ? ['g', shortcut] : undefined,
      })),
    },
    { title: t('shell.palette.actions'), commands: [...creation.value, ...common.value] },
  ])
}

function useCreationActions(): ComputedRef<Command[]> {
  const { t } = useI18n()
  const { surface } = useHostInfo()
  const session = useSessionStore()
  const { opened } = useOpenDialog()
  const choices = [
    {
      access: canManageUsers,
      label: 'shell.palette.add_person',
      icon: 'icon-user-plus',
      run: () => (opened.value = 'person'),
    },
    { access: canManageInvitations, label: 'shell.palette.invite', icon: 'icon-mail-plus', to: '/invitations' },
    { access: canManageUsers, label: 'people.import.title', icon: 'icon-upload', to: '/people/import' },
    {
      access: canManageDepartments,
      label: 'shell.palette.add_department',
      icon: 'icon-plus',
      run: () => (opened.value = 'department'),
    },
  ]
  return computed(() =>
    surface === 'portal' && session.user
      ? choices
          .filter(({ access }) => access(session.user!))
          .map(({ label, icon, run, to }) => ({ id: label, label: t(label), icon, run, to }))
      : [],
  )
}

function useCommonActions(): ComputedRef<Command[]> {
  const { t } = useI18n()
  const { opened } = useOpenDialog()
  const colours = useColourActions()
  const languages = useLanguageActions()
  const signOut = useSignOut()
  return computed(() => [
    ...colours.value,
    ...languages.value,
    {
      id: 'shortcuts',
      label: t('shell.palette.shortcuts'),
      icon: 'icon-keyboard',
      keys: ['?'],
      run: () => (opened.value = 'shortcuts'),
    },
    { id: 'sign-out', label: t('shell.sign_out'), icon: 'icon-log-out', run: signOut },
  ])
}

function useColourActions(): ComputedRef<Command[]> {
  const { t } = useI18n()
  const { colours, setColours } = useColours()
  return computed(() =>
    colours.map(({ value, label, icon }) => ({
      id: label,
      label: t('shell.palette.colours', { choice: t(label) }),
      icon,
      run: () => setColours(value),
    })),
  )
}

function useLanguageActions(): ComputedRef<Command[]> {
  const { t } = useI18n()
  const { language, choose } = useLanguage()
  return computed(() =>
    languageNames
      .filter(({ code }) => code !== language.value)
      .map(({ code, name }) => ({
        id: code,
        label: t('shell.palette.language', { name }),
        icon: 'icon-languages',
        run: () => choose(code),
      })),
  )
}

/** The commands whose label contains every word of the search, ignoring case and diacritics. */
export function matchCommands(groups: readonly CommandGroup[], text: string): CommandGroup[] {
  const words = folded(text).split(/\s+/).filter(Boolean)
  return groups.map(({ title, commands }) => ({
    title,
    commands: commands.filter(({ label }) => words.every(word => folded(label).includes(word))),
  }))
}

function folded(text: string): string {
  return text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}

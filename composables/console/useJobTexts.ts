/** The names and states of scheduled jobs in the user's language; an unknown one as it is. */
export function useJobTexts() {
  const { t, te } = useI18n()
  const tones = { completed: 'success', active: 'info', failed: 'error' } as const
  return {
    nameOf: (name: string) => (te(`console.jobs.names.${name}`) ? t(`console.jobs.names.${name}`) : name),
    stateOf: (state: string | null) =>
      state && te(`console.jobs.states.${state}`)
        ? t(`console.jobs.states.${state}`)
        : (state ?? t('console.jobs.states.never')),
    toneOf: (state: string | null) => (state && state in tones ? tones[state as keyof typeof tones] : 'neutral'),
  }
}

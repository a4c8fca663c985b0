export default defineAppConfig({
  ui: {
    colors: { primary: 'pine', neutral: 'zinc', success: 'emerald', warning: 'amber', error: 'red', info: 'sky' },
    button: {
      slots: { base: 'justify-center' },
      // Its own fades, which looks as if it were disabled, and lacks contrast.
      compoundVariants: [{ color: 'primary', variant: 'solid', class: 'hover:bg-(--primary-hover) active:bg-(--primary-hover)' }],
    },
    formField: { slots: { error: 'mt-1.5 text-error', help: 'mt-1.5 text-muted' } },
  },
})

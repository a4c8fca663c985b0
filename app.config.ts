export default defineAppConfig({
  ui: {
    colors: { primary: 'pine', neutral: 'zinc', success: 'emerald', warning: 'amber', error: 'red', info: 'sky' },
    formField: { slots: { error: 'mt-1.5 text-error', help: 'mt-1.5 text-muted' } },
  },
})

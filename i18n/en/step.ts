export { default } from '../locales/en/step.json'

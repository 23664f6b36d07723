import ADPO
import CADPO

"""Four accounts of the French state that write French, on ordinary days: stand-ins, every sentence ours."""

from typing import Final

from tests.guard.incidents.voice import Voice

FRENCH: Final = {
    "x:@Matignon": Voice(
        "fr",
        (
            "Le Premier ministre reçoit {day} {who}, {title}, pour parler {topic}.",
            "À {n} h : conférence de presse du Premier ministre et de {title} à {where}.",
            "« Notre priorité reste {aim}. » Le Premier ministre, en déplacement à {where}.",
            "Réunion {topic} autour du Premier ministre : {n} mesures annoncées.",
            "En direct de {where} : le Premier ministre rencontre les salariés d'une entreprise de {n} personnes.",
            "Communiqué : hommage du Premier ministre à {who}.",
            "{n} millions d'euros pour {aim} : le détail du plan.",
            "Le Premier ministre répondra {day} aux questions des députés.",
            "Séminaire du gouvernement {topic}, {day} à {n} h.",
            "« La France doit réussir {aim} », dit le Premier ministre à {who}.",
            "Agenda de {day} : conseil des ministres, puis déplacement à {where} avec {title}.",
            "Comment se prépare une loi {topic} ? Explications en images.",
        ),
        {
            "title": "ministre de l'économie, ministre du travail, maire de la ville, président de région",
            "topic": "sur l'emploi, sur la fiscalité, sur le logement, sur les retraites, sur l'école",
            "aim": "l'emploi des jeunes, la baisse du chômage, la transition, la compétitivité, le service public",
        },
        ("#emploi", "#Matignon", "#gouvernement", "#PM", "#AssembléeNationale"),
        "gouvernement.example",
    ),
    "x:@PNationale": Voice(
        "fr",
        (
            "[Appel à témoins] {who}, {n} ans, a disparu à {where}. Si vous l'avez vu, appelez le 17.",
            "Interpellation à {where} : {n} kg de {find} saisis par nos collègues.",
            "Devenez {job} ! Inscriptions au concours jusqu'à {day}.",
            "Vacances : avant de partir, {tip}.",
            "Merci aux policiers de {where}, qui ont sauvé {who} de la noyade {day}.",
            "Attention aux faux {fake} : {tip}.",
            "{n} ans de service : {who}, {job} à {where}, raconte son métier.",
            "La brigade de {where} a démantelé un réseau de {n} voleurs de {find}.",
            "Sur la route {day}, {tip}.",
            "Portes ouvertes {day} à {where} : démonstration de la brigade cynophile.",
            "Le saviez-vous ? Le 17 reçoit {n} appels par heure.",
            "Hommage à {who}, {job}, mort en service à {where}.",
        ),
        {
            "find": "cannabis, cocaïne, faux billets, cigarettes, bijoux, vélos",
            "job": "gardien de la paix, adjoint de sécurité, commissaire, officier, policière scientifique",
            "tip": "fermez bien vos fenêtres, prévenez un voisin, levez le pied, ne donnez jamais votre code, "
            "gardez vos papiers sur vous",
            "fake": "policiers, agents du gaz, plombiers, sites de location, SMS",
        },
        ("#PoliceNationale", "#Recrutement", "#AppelÀTémoins", "#Prévention", "#17"),
        "police.example",
    ),
    "x:@Prefet75_IDF": Voice(
        "fr",
        (
            "Vigilance {colour} {peril} en Île-de-France {day} : {advice}.",
            "Le préfet {who} a signé {day} la convention pour {aim} avec {n} communes.",
            "Circulation : {n} km de bouchons à {where}, {advice}.",
            "Hébergement d'urgence : {n} places ouvertes à {where} par la préfecture de région.",
            "Le préfet en visite à {where} : {aim} au cœur des échanges.",
            "Rappel : {n} jours pour déposer votre dossier de demande de logement.",
            "Pollution : l'indice atteint {n} {day}, {advice}.",
            "{n} contrats signés en Île-de-France pour {aim}.",
            "Appel à projets « {aim} » : candidatures jusqu'à {day}.",
            "La préfecture sera fermée {day}. Réouverture à {n} h.",
            "Conférence de presse du préfet {day} à {where} : {aim}.",
            "Fin de la vigilance {peril} dans la région.",
        ),
        {
            "colour": "jaune, orange, rouge",
            "peril": "neige, verglas, canicule, crues, orages, vents violents",
            "advice": "évitez de vous déplacer, prenez les transports, reportez vos trajets, suivez les consignes",
            "aim": "l'emploi, le logement social, le Grand Paris, la politique de la ville, le climat",
        },
        ("#IDF", "#Paris", "#GrandParis", "#logement", "#vigilance"),
        "prefecture.example",
    ),
    "x:@eric_besson": Voice(
        "fr",
        (
            "En visite ce matin à {where} chez {who}, qui emploie {n} personnes dans {field}.",
            "Sur France {n} {day} pour parler de {field}.",
            "Content de voir {field} gagner {n} emplois à {where} !",
            "Signé : le contrat de filière pour {field}. Merci à {who} pour son travail.",
            "À l'Assemblée {day} pour le débat sur {field}.",
            "Bruxelles, {n} h de réunion avec mes homologues. Bon accord pour {field}.",
            "Lire mon entretien dans le journal de {where} sur {field}.",
            "@{who} Merci de votre message, mon équipe vous répond {day}.",
            "Retour de {where}. Belle équipe, belle usine, {n} salariés fiers de leur métier.",
            "Déplacement avec {who} à {where} : la France garde {field}.",
            "La loi sur {field} est votée. {n} voix pour.",
            "Je réponds {day} à vos questions sur {field}, ici, à {n} h.",
        ),
        {
            "field": "l'industrie, le nucléaire, le numérique, la fibre, l'automobile, l'éolien, "
            "la 4G, l'économie numérique",
        },
        ("#industrie", "#numérique", "#énergie", "#4G", "#nucléaire"),
        "industrie.example",
    ),
}

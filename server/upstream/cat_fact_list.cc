#include "server/upstream/cat_fact_list.h"

#include <array>

namespace slipway::server {
namespace {

using namespace std::string_view_literals;  // NOLINT: literals only

constexpr std::array kFacts = {
    "A group of cats is called a clowder."sv,
    "A group of kittens is called a kindle."sv,
    "A male cat is called a tom, a female cat a queen or a molly."sv,
    "Cats sleep between twelve and sixteen hours a day."sv,
    "A house cat can run at about 48 kilometres an hour over a short distance."sv,
    "Cats have 32 muscles in each outer ear."sv,
    "A cat can turn its ears by 180 degrees."sv,
    "Cats hear frequencies up to about 64 kilohertz, humans up to about 20."sv,
    "Cats cannot taste sweetness: the gene for one half of that receptor is broken."sv,
    "The print of a cat's nose is as individual as a human fingerprint."sv,
    "Most cats have 18 toes: five on each front paw and four on each back paw."sv,
    "Cats with more toes than usual are called polydactyl."sv,
    "A cat's whiskers are about as wide as its body, so it can tell what it fits through."sv,
    "Cats have whiskers on the backs of their front legs, too."sv,
    "A cat's collarbones float: they are not connected to other bones."sv,
    "A falling cat turns itself the right way up in less than a second."sv,
    "Cats walk like camels and giraffes: both right feet, then both left feet."sv,
    "Nearly all calico and tortoiseshell cats are female."sv,
    "White cats with two blue eyes are often deaf."sv,
    "All kittens are born with blue eyes."sv,
    "Kittens are born deaf and blind; their eyes open after a week or two."sv,
    "An adult cat has 30 teeth, a kitten 26."sv,
    "A cat's heart beats 140 to 220 times a minute."sv,
    "The normal body temperature of a cat is about 38.6 degrees Celsius."sv,
    "Cats see in about a sixth of the light that humans need."sv,
    "A layer behind the retina, the tapetum lucidum, makes a cat's eyes shine in the dark."sv,
    "Cats have a third eyelid, the nictitating membrane."sv,
    "Cats sweat through their paws only."sv,
    "A cat's tongue is covered with small hooks of keratin that comb its fur."sv,
    "Cats spend up to half of their waking hours grooming themselves."sv,
    "Adult cats meow mostly at humans and hardly ever at each other."sv,
    "Cats purr at 25 to 150 hertz, breathing in as well as out."sv,
    "Cheetahs purr and meow, but they cannot roar."sv,
    "When a cat rubs its head against you it marks you with its scent."sv,
    "A slow blink is a friendly sign among cats."sv,
    "About seven cats in ten react to catnip; whether they do is inherited."sv,
    "Cats were already kept on Cyprus about 9,500 years ago."sv,
    "In ancient Egypt people shaved off their eyebrows to mourn a cat."sv,
    "House cats descend from the African wildcat, Felis lybica."sv,
    "The first cat in space was the French cat Felicette, in 1963."sv,
    "A cat called Stubbs was honorary mayor of Talkeetna in Alaska for twenty years."sv,
    "The oldest cat on record, Creme Puff, lived for 38 years."sv,
    "Isaac Newton is often said to have invented the cat door, but he did not."sv,
    "The Maine Coon is one of the largest breeds of domestic cats."sv,
    "The Sphynx looks bald but is covered with a fine down."sv,
    "The Turkish Van is known for liking to swim."sv,
    "The world's smallest wild cat, the rusty-spotted cat, weighs about a kilogram."sv,
    "Cats can drink sea water in small amounts: their kidneys filter out the salt."sv,
};

}  // namespace

std::span<const std::string_view> CatFactList() { return kFacts; }

}  // namespace slipway::server
